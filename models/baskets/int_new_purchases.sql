-- One row per customer of the backtest and item that was bought after its date and was new to the customer: what offers
-- of that date are held against.
-- depends_on: {{ ref("learning_scope") }}
{%- set item = var("offers")["item"] %}
with customers as (

    select * from {{ ref("int_backtest_customers") }}

),

bought_later as (

    select distinct
        customers.as_of_date,
        customers.customer_id,
        lines.{{ item }} as item
    from customers
    inner join {{ ref("int_order_lines") }} as lines
        on customers.customer_id = lines.customer_id and customers.as_of_date < lines.as_of_date
    inner join {{ ref("int_orders") }} as orders on lines.order_id = orders.order_id
    where
        lines.quantity > 0
        and lines.{{ item }} is not null
        and orders.order_kind = 'purchase'
        and orders.cancelled_on is null

),

final as (

    select bought_later.*
    from bought_later
    left join {{ ref("int_backtest_items") }} as known
        on
            bought_later.as_of_date = known.as_of_date
            and bought_later.customer_id = known.customer_id
            and bought_later.item = known.item
    where known.item is null

)

select * from final
