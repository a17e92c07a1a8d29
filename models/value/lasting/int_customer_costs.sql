-- One row per customer with lines whose products have a cost: the margin, net of returns and without cancelled orders.
with lines as (

    {{ standing_lines() | indent(4) }}

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
    inner join products on lines.product_id = products.product_id
    group by lines.customer_id

)

select * from final
