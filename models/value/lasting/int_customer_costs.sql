-- One row per customer with lines whose products have a cost: the margin, net of returns and without cancelled orders.
with lines as (

    select *
    from {{ ref("int_order_lines") }}
    where {{ changed_only("customer_id") }}

),

standing_orders as (

    select order_id
    from {{ ref("int_orders") }}
    where cancelled_on is null and {{ changed_only("customer_id") }}

),

products as (

    select
        product_id,
        unit_cost
    from {{ ref("stg_products") }}
    where unit_cost is not null

),

final as (

    select
        lines.customer_id,
        {{ money_sum(
            "lines.amount - coalesce(lines.discount_amount, 0) - cast(lines.quantity * products.unit_cost as decimal(18, 4))"
        ) }} as margin
    from lines
    inner join standing_orders on lines.order_id = standing_orders.order_id
    inner join products on lines.product_id = products.product_id
    group by lines.customer_id

)

select * from final
