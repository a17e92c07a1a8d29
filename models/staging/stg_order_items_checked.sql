-- depends_on: {{ ref('resolved_configuration') }}
with

typed as (
    {{ typed_rows('order_items') | indent(4) }}
),

repeated_keys as (
    {{ repeated_keys('order_items') | indent(4) }}
),

accepted_orders as (
    select order_id
    from {{ ref('stg_orders') }}
    where {{ changed_only('order_id') }}
),

rejected_orders as (
    {{ rejected_keys('orders', 'order_id') | indent(4) }}
),

looked_up as (
    select
        typed.*,
        repeated_keys.key_hash is not null as is_repeated,
        accepted_orders.order_id is null and rejected_orders.order_id is null as is_unknown_order,
        accepted_orders.order_id is null as is_rejected_order,
        rejected_orders.set_aside_rule
    from typed
    left join repeated_keys
        on {{ key_hash(['typed.order_id', 'typed.line_number']) }} = repeated_keys.key_hash
    left join accepted_orders
        on typed.order_id = accepted_orders.order_id
    left join rejected_orders
        on typed.order_id = rejected_orders.order_id
),

judged as (
    select
        *,
        {{ first_failed_check('order_items') | indent(8) }} as failed_check
    from looked_up
),

final as (
    select
        {{ checked_columns('order_items') | indent(8) }}
    from judged
)

select * from final
