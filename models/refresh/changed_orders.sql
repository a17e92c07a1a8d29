-- One row per order that this run works on and customer that it has or had: orders of which a row changed, all orders
-- of changed customers, and those with a product that changed. None where everything is read anew.
-- `ordered_on` is the day that the order had so far: before it nobody's past has changed.
-- depends_on: {{ ref("resolved_configuration") }}
-- depends_on: {{ ref("input_digests") }}
{%- set types = hash_types() %}
{%- set columns = {
    "invocation_id": "string", "key_hash": types.key_hash, "customer_hash": types.key_hash, "ordered_on": "date"
} %}
{%- if is_full_scope(ref("refresh_scope")) or not execute %}
-- depends_on: {{ ref("changed_keys") }} {{ ref("raw_orders") }} {{ ref("raw_order_items") }}
with final as (

    {{ no_rows(columns) }}

)
{%- else %}
{%- set staged = ref("raw_orders").incorporate(path={"identifier": "stg_orders_checked"}) %}
{%- set before = earlier(this) %}
with changed_keys as (

    select * from {{ ref("changed_keys") }}

),

changed_lines as (

    select {{ typed_key_hash("order_items", "order_id") }} as key_hash
    from {{ ref("raw_order_items") }} as source
    where
        {{ typed_key_hash("order_items", "product_id") }}
        in (select changed_keys.key_hash from changed_keys where changed_keys.subject = 'products')

),

changed as (

    select key_hash
    from changed_keys
    where subject = 'orders'
    union
    select key_hash from changed_lines

),

-- A customer's verdict is that of the orders.
owned as (

    select
        {{ typed_key_hash("orders", "order_id") }} as key_hash,
        -- Without a key it is never accepted, and all orders without one are changed where one of them is.
        case
            when {{ typed_value("order_id", "string", raw_families("orders")["order_id"]) }} is not null
                then {{ typed_key_hash("orders", "customer_id") }}
        end as customer_hash
    from {{ ref("raw_orders") }} as source
    where
        {{ typed_key_hash("orders", "order_id") }} in (select changed.key_hash from changed)
        or {{ typed_key_hash("orders", "customer_id") }}
        in (select changed_keys.key_hash from changed_keys where changed_keys.subject = 'customers')

),

-- An order may have had another customer, and vanish altogether.
owned_before as (

    select
        {{ key_hash(["order_id"]) }} as key_hash,
        case when order_id is not null then {{ key_hash(["customer_id"]) }} end as customer_hash,
        cast(least(ordered_at, cancelled_at) as date) as ordered_on
    from {{ staged }}
    where
        {{ key_hash(["order_id"]) }} in (select changed.key_hash from changed)

),

all_pairs as (

    select
        key_hash,
        cast(null as {{ types.key_hash }}) as customer_hash,
        cast(null as date) as ordered_on
    from changed
    union all
    select
        key_hash,
        customer_hash,
        cast(null as date) as ordered_on
    from owned
    union all
    select * from owned_before
    {%- if before %}
    union all
    select
        key_hash,
        customer_hash,
        ordered_on
    from {{ before }}
    where invocation_id not in ({{ published_runs() }})
    {%- endif %}

),

final as (

    select
        '{{ invocation_id }}' as invocation_id,
        key_hash,
        customer_hash,
        min(ordered_on) as ordered_on
    from all_pairs
    group by key_hash, customer_hash

)
{%- endif %}

select * from final
