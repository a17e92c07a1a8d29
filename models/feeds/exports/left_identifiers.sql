-- One row per run and identifier, as a key, that a customer whom this run works on has had: noted before the rows of
-- the customer are made anew. None where all members are looked at.
-- Keys stand here until a run is published. One that was refused or died loses none: its successor does them again.
{%- set before = earlier(this) %}
{%- set identifiers = earlier(this.incorporate(path={"identifier": "feed_identifiers"})) %}
{%- set erased = earlier(this.incorporate(path={"identifier": "erased_identifiers"})) %}
{%- set changed = "(select changed.key_hash from " ~ ref("changed_customers") ~ " as changed)" %}
{#- A table of an earlier form of the project has no keys; the project has changed, so all members are looked at. -#}
{%- if is_full_run() or not identifiers %}
with final as (

    {{ no_rows({"invocation_id": "string", "identifier_key": hash_types().key_hash}) }}

)
{%- else %}
with all_keys as (

    {{ account_keys([], identifiers, "customer_hash in " ~ changed) }}
    {%- if erased %}

    union all

    select identifier_key
    from {{ erased }}
    where customer_hash in {{ changed }}
    {%- endif %}
    {%- if before %}

    union all

    select identifier_key
    from {{ before }}
    where invocation_id not in ({{ published_runs() }})
    {%- endif %}

),

final as (

    select distinct
        '{{ invocation_id }}' as invocation_id,
        identifier_key
    from all_keys

)
{%- endif %}

select * from final
