-- One row per subject (customers, orders with their lines, products) and key of which any row came, changed or vanished
-- since the last published run, with the digest of its rows now; none where everything is read anew.
-- No clock of the source is trusted: late, corrected and vanished rows all show in the digest. is_new: no run has ever
-- accepted a row of the key.
-- Keys stand here until a run is published. One that was refused or died loses none: its successor does them again.
-- depends_on: {{ ref("resolved_configuration") }}
{%- set types = hash_types() %}
-- depends_on: {{ ref("raw_customers") }} {{ ref("raw_orders") }} {{ ref("raw_order_items") }} {{ ref("raw_products") }}
{#- Worked out in any case: dbt then knows a seed behind an input for a parent. -#}
{%- set digests_now = input_digests() %}
{%- set before = earlier(this) %}
{%- set has_time_passed = "(select scope.has_time_passed from " ~ ref("refresh_scope") ~ " as scope)" %}
{%- set is_too_early = "reject_rule in ('date_in_future', 'after_as_of_date')" %}
{%- if is_full_scope(ref("refresh_scope")) %}
with final as (

    {{ no_rows({
        "invocation_id": "string", "subject": "string", "key_hash": types.key_hash, "digest": types.digest,
        "is_new": "boolean",
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
reasons as (

    {% if before -%}
    select
        subject,
        key_hash,
        false as is_new
    from {{ before }}
    where invocation_id not in ({{ published_runs() }})
    union all
    select
        'customers' as subject,
        {{ key_hash(["customer_id"]) }} as key_hash,
        bool_and(reject_rule is not null) as is_new
    from {{ ref("raw_customers").incorporate(path={"identifier": "stg_customers_checked"}) }}
    where {{ has_time_passed }}
    group by {{ key_hash(["customer_id"]) }}
    having bool_or({{ is_too_early }})
    union all
    select
        'orders' as subject,
        {{ key_hash(["order_id"]) }} as key_hash,
        false as is_new
    from {{ ref("raw_orders").incorporate(path={"identifier": "stg_orders_checked"}) }}
    where {{ has_time_passed }} and {{ is_too_early }}
    {%- else -%}
    {{ no_rows({"subject": "string", "key_hash": types.key_hash, "is_new": "boolean"}) }}
    {%- endif %}

),

pending as (

    select
        subject,
        key_hash,
        bool_and(is_new) as is_new
    from reasons
    group by subject, key_hash

),

differing as (

    select
        coalesce(now_there.subject, published.subject) as subject,
        coalesce(now_there.key_hash, published.key_hash) as key_hash,
        now_there.digest,
        published.key_hash is null as is_new
    from now_there
    full outer join published
        on now_there.subject = published.subject and now_there.key_hash = published.key_hash
    where now_there.digest is distinct from published.digest

),

final as (

    select
        '{{ invocation_id }}' as invocation_id,
        differing.subject,
        differing.key_hash,
        differing.digest,
        differing.is_new and coalesce(pending.is_new, true) as is_new
    from differing
    left join pending on differing.subject = pending.subject and differing.key_hash = pending.key_hash

    union all

    select
        '{{ invocation_id }}' as invocation_id,
        pending.subject,
        pending.key_hash,
        now_there.digest,
        pending.is_new
    from pending
    left join now_there on pending.subject = now_there.subject and pending.key_hash = now_there.key_hash
    left join differing on pending.subject = differing.subject and pending.key_hash = differing.key_hash
    where differing.key_hash is null

)
{%- endif %}

select * from final
