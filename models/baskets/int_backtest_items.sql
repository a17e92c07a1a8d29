-- One row per customer of the backtest and item that the customer had in an order by its date, as int_customer_items
-- has them for today.
-- depends_on: {{ ref("learning_scope") }}
with lines as (

    select
        order_id,
        customer_id,
        as_of_date,
        quantity,
        {{ var("offers")["item"] }} as item
    from {{ ref("int_order_lines") }}
    where {{ var("offers")["item"] }} is not null

),

customers as (

    select * from {{ ref("int_backtest_customers") }}

),

purchases as (

    select
        order_id,
        cancelled_on
    from {{ ref("int_orders") }}
    where order_kind = 'purchase'

),

final as (

    select
        customers.as_of_date,
        customers.segment_id,
        customers.customer_id,
        lines.item,
        bool_or(
            lines.quantity > 0
            and purchases.order_id is not null
            and (purchases.cancelled_on is null or purchases.cancelled_on > customers.as_of_date)
        ) as is_bought
    from customers
    inner join lines on customers.customer_id = lines.customer_id and customers.as_of_date >= lines.as_of_date
    left join purchases on lines.order_id = purchases.order_id
    group by customers.as_of_date, customers.segment_id, customers.customer_id, lines.item

)

select * from final
