-- One row per segmentation, segment and product category that its customers bought: how many of them, and how much.
with labels as (

    select
        segmentation,
        segment_id,
        customer_id
    from {{ ref("customer_segments") }}
    where segment_id is not null

),

bought as (

    select *
    from {{ ref("int_customer_categories") }}
    where items > 0

),

final as (

    select
        labels.segmentation,
        labels.segment_id,
        bought.category,
        count(*) as buyers,
        {{ money_sum("bought.items") }} as items,
        {{ money_sum("bought.revenue") }} as revenue
    from labels
    inner join bought on labels.customer_id = bought.customer_id
    group by labels.segmentation, labels.segment_id, bought.category

)

select * from final
