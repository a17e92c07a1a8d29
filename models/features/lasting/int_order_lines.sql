-- One row per accepted order line, with its customer, its product's category and the as-of date that first knows it.
-- What is sent back gives back what was paid, so the discount makes the net amount of a return smaller as well.
with lines as (

    select *
    from {{ ref("stg_order_items") }}
    where {{ changed_only("order_id") }}

),

orders as (

    select *
    from {{ ref("stg_orders") }}
    where {{ changed_only("order_id") }}

),

products as (

    select * from {{ ref("stg_products") }}

),

as_of_dates as (

    select * from {{ ref("as_of_dates") }}

),

final as (

    select
        lines.order_id,
        orders.customer_id,
        lines.product_id,
        products.category,
        as_of_dates.as_of_date,
        lines.quantity,
        lines.amount,
        lines.discount_amount,
        cast(
            lines.amount - case when lines.quantity < 0 then -lines.discount_amount else lines.discount_amount end
            as decimal(18, 4)
        ) as net_amount
    from lines
    inner join orders on lines.order_id = orders.order_id
    inner join as_of_dates
        on
            cast(orders.ordered_at as date) <= as_of_dates.as_of_date
            and (
                as_of_dates.previous_as_of_date is null
                or cast(orders.ordered_at as date) > as_of_dates.previous_as_of_date
            )
    left join products on lines.product_id = products.product_id

)

select * from final
