-- One row per segmentation, segment and product category: how many customers buy it and how much, against all.
-- depends_on: {{ ref("publication_gate") }}
with counted as (

    select * from {{ ref("int_category_buyers") }}

),

sizes as (

    select
        segmentation,
        segment_id,
        customers
    from {{ ref("segment_sizes") }}
    where customers > 0

),

totals as (

    select
        segmentation,
        sum(customers) as customers
    from sizes
    group by segmentation

),

-- A category that nobody of a segment buys is a row too: it is the widest gap.
categories as (

    select
        segmentation,
        category,
        sum(buyers) as buyers
    from counted
    group by segmentation, category
    having sum(buyers) > 0

),

shares as (

    select
        sizes.segmentation,
        sizes.segment_id,
        categories.category,
        sizes.customers,
        coalesce(counted.buyers, 0) as buyers,
        coalesce(counted.items, 0) as items,
        coalesce(counted.revenue, 0) as revenue,
        {{ ratio("coalesce(counted.buyers, 0)", "sizes.customers") }} as buyer_share,
        {{ ratio("categories.buyers", "totals.customers") }} as overall_buyer_share,
        {{ ratio(
            "coalesce(counted.revenue, 0)",
            "sum(counted.revenue) over (partition by sizes.segmentation, sizes.segment_id)"
        ) }} as revenue_share
    from sizes
    inner join totals on sizes.segmentation = totals.segmentation
    inner join categories on sizes.segmentation = categories.segmentation
    left join counted
        on
            sizes.segmentation = counted.segmentation
            and sizes.segment_id = counted.segment_id
            and categories.category = counted.category

),

final as (

    select
        segmentation,
        segment_id,
        category,
        customers,
        buyers,
        round(buyer_share, 6) as buyer_share,
        round(100 * buyer_share / overall_buyer_share, 4) as index_against_all,
        cast(items as decimal(18, 4)) as items,
        cast(revenue as decimal(18, 4)) as revenue,
        round(revenue_share, 6) as revenue_share,
        -- How many more would buy it if the segment were like all customers: the gap to be filled.
        cast(greatest(round((overall_buyer_share - buyer_share) * customers), 0) as bigint) as missing_buyers,
        cast(row_number() over (
            partition by segmentation, segment_id
            order by buyer_share / overall_buyer_share desc, buyers desc, category asc
        ) as bigint) as affinity_rank
    from shares

)

select * from final
