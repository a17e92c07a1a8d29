-- One row per member key, as a hash, that a customer whom this run works on has had in a feed: noted before the rows of
-- the customer are made anew. None where all members are looked at.
-- Keys stand here until a run is published. One that was refused or died loses none: its successor does them again.
{%- set before = earlier(this) %}
{%- set candidates = earlier(this.incorporate(path={"identifier": "feed_candidates"})) %}
{%- set had_by_changed = is_changed("customer_id") %}
{%- if is_full_run() or not candidates %}
with final as (

    {{ no_rows({"invocation_id": "string", "key_hash": hash_types().key_hash}) }}

)
{%- else %}
with all_keys as (

    select {{ key_hash(["member_key"]) }} as key_hash
    from {{ candidates }}
    where {{ had_by_changed }}

    {%- if before %}

    union all

    select key_hash
    from {{ before }}
    where invocation_id not in ({{ published_runs() }})
    {%- endif %}

),

final as (

    select distinct
        '{{ invocation_id }}' as invocation_id,
        key_hash
    from all_keys

)
{%- endif %}

select * from final
