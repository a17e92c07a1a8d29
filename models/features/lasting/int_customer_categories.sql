-- One row per customer and product category, by the current as-of date: what was bought of it, and the margin, net of
-- returns, where products have a cost. Lines of cancelled orders do not count; those without a category are one.
with lines as (

    select lines.*
    from {{ ref("int_order_lines") }} as lines
    inner join {{ ref("int_orders") }} as orders on lines.order_id = orders.order_id
    where
        orders.cancelled_on is null
        and {{ changed_only("lines.customer_id") }}
        and {{ changed_only("orders.customer_id") }}

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
        lines.category,
        {{ money_sum("case when lines.quantity > 0 then lines.quantity end") }} as items,
        {{ money_sum("lines.net_amount") }} as revenue,
        -- A cost that is beyond any order is a slip, and no cost.
        cast(sum(
            case
                when not {{ is_beyond_any_order("lines.quantity", "products.unit_cost") | indent(16) }}
                    then lines.net_amount - {{ line_amount("lines.quantity", "products.unit_cost") | indent(20) }}
            end
        ) as decimal(18, 4)) as margin
    from lines
    left join products on lines.product_id = products.product_id
    group by lines.customer_id, lines.category

)

select * from final
