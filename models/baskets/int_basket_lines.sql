-- One row per as-of date, order and item that was bought in it by a customer whom rules are learned from, from what was
-- known at that date; cancelled orders and returns are no baskets. An item is a product or a category, by offers.item.
-- depends_on: {{ ref("learning_scope") }}
with customers as (

    select * from {{ ref("int_learning_customers") }}

),

orders as (

    select
        order_id,
        cancelled_on
    from {{ ref("int_orders") }}
    where order_kind = 'purchase'

),

lines as (

    select
        order_id,
        customer_id,
        as_of_date,
        {{ var("offers")["item"] }} as item
    from {{ ref("int_order_lines") }}
    where quantity > 0 and {{ var("offers")["item"] }} is not null

),

final as (

    select distinct
        customers.as_of_date,
        customers.segment_id,
        lines.order_id,
        lines.item
    from lines
    inner join customers
        on lines.customer_id = customers.customer_id and lines.as_of_date <= customers.as_of_date
    inner join orders on lines.order_id = orders.order_id
    where orders.cancelled_on is null or orders.cancelled_on > customers.as_of_date

)

select * from final
