-- One row per segmentation, segment and product category that its customers bought or sent back: how many bought of it,
-- and what it brought. Whoever only sent back bought before the data begin, and counts in the revenue alone.
with bought as (

    select *
    from {{ ref("int_customer_categories") }}
    where category is not null

),

combined as (

    select
        labels.{{ label_columns() | join(", labels.") }},
        bought.category,
        count(case when bought.items > 0 then 1 end) as buyers,
        {{ money_sum("bought.items") }} as items,
        {{ money_sum("bought.revenue") }} as revenue
    from {{ ref("customer_labels") }} as labels
    inner join bought on labels.customer_id = bought.customer_id
    group by labels.{{ label_columns() | join(", labels.") }}, bought.category

),

of_segments as (

    {{ by_segmentation("combined", {
        "category": "string", "buyers": "bigint", "items": "decimal(18, 4)", "revenue": "decimal(18, 4)",
    }) | indent(4) }}

),

final as (

    select
        segmentation,
        segment_id,
        category,
        cast(sum(buyers) as bigint) as buyers,
        {{ money_sum("items") }} as items,
        {{ money_sum("revenue") }} as revenue
    from of_segments
    group by segmentation, segment_id, category

)

select * from final
