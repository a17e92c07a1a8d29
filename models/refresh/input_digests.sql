-- One row per subject and key of the inputs: the digest of its rows as this run read them, for the next to compare with.
-- depends_on: {{ ref("resolved_configuration") }}
{%- if is_full_run() %}
-- depends_on: {{ ref("changed_keys") }}
with final as (

    {{ input_digests() | indent(4) }}

)
{%- else %}
with final as (

    select
        subject,
        key_hash,
        digest
    from {{ ref("changed_keys") }}
    -- A key without rows is gone.
    where digest is not null

)
{%- endif %}

select * from final
