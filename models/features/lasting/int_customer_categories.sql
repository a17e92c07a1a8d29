-- One row per customer and product category, by the current as-of date: what was bought of it. Lines of orders that
-- were cancelled do not count.
with lines as (

    {{ standing_lines() | indent(4) }}

),

final as (

    select
        lines.customer_id,
        lines.category,
        {{ money_sum("case when lines.quantity > 0 then lines.quantity end") }} as items,
        {{ money_sum("lines.amount - coalesce(lines.discount_amount, 0)") }} as revenue,
        count(distinct case when lines.quantity > 0 then lines.order_id end) as orders
    from lines
    where lines.category is not null
    group by lines.customer_id, lines.category

)

select * from final
