-- One row per subject (customers, orders with their lines, products) and key of which any row came, changed or vanished
-- since the last published run, with the digest of its rows now; none where everything is read anew.
-- No clock of the source is trusted: late, corrected and vanished rows all show in the digest.
-- Keys stand here until a run is published. One that was refused or died loses none: its successor does them again.
-- depends_on: {{ ref("resolved_configuration") }}
{%- set types = hash_types() %}
-- depends_on: {{ ref("raw_customers") }} {{ ref("raw_orders") }} {{ ref("raw_order_items") }} {{ ref("raw_products") }}
{#- Worked out in any case: dbt then knows a seed behind an input for a parent. -#}
{%- set digests_now = input_digests() %}
{%- set before = earlier(this) %}
{%- if is_full_scope(ref("refresh_scope")) %}
with final as (

    {{ no_rows({
        "invocation_id": "string", "subject": "string", "key_hash": types.key_hash, "digest": types.digest
    }) }}

)
{%- else %}
with now_there as (

    {{ digests_now | indent(4) }}

),

published as (

    select
        subject,
        key_hash,
        digest
    from {{ this.incorporate(path={"identifier": "input_digests"}) }}

),

-- What no published run has dealt with, and what is judged otherwise as time passes.
pending as (

    {% if before -%}
    select
        subject,
        key_hash
    from {{ before }}
    where invocation_id not in ({{ published_runs() }})
    {%- for subject in ["customers", "orders"] %}
    union
    select
        '{{ subject }}' as subject,
        {{ key_hash(key_columns(subject)) }} as key_hash
    from {{ ref("raw_" ~ subject).incorporate(path={"identifier": "stg_" ~ subject ~ "_checked"}) }}
    where
        reject_rule in ('date_in_future', 'after_as_of_date')
        and (select scope.has_time_passed from {{ ref("refresh_scope") }} as scope)
    {%- endfor %}
    {%- else -%}
    {{ no_rows({"subject": "string", "key_hash": types.key_hash}) }}
    {%- endif %}

),

differing as (

    select
        coalesce(now_there.subject, published.subject) as subject,
        coalesce(now_there.key_hash, published.key_hash) as key_hash,
        now_there.digest
    from now_there
    full outer join published
        on now_there.subject = published.subject and now_there.key_hash = published.key_hash
    where now_there.digest is distinct from published.digest

),

final as (

    select
        '{{ invocation_id }}' as invocation_id,
        differing.*
    from differing

    union all

    select
        '{{ invocation_id }}' as invocation_id,
        pending.*,
        now_there.digest
    from pending
    left join now_there on pending.subject = now_there.subject and pending.key_hash = now_there.key_hash
    left join differing on pending.subject = differing.subject and pending.key_hash = differing.key_hash
    where differing.key_hash is null

)
{%- endif %}

select * from final
