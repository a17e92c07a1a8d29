-- One row per segmentation and segment: what it brings, what may follow, and where effort pays.
-- depends_on: {{ ref("publication_gate") }}
with summed as (

    select
        worth.segmentation,
        worth.segment_id,
        worth.customers,
        worth.revenue,
        worth.revenue_last_90_days,
        worth.revenue_previous_90_days,
        worth.margin,
        cast(worth.lifetime_value as double) as lifetime_value,
        {{ ratio("cast(worth.alive as double)", "worth.with_probability") }} as alive_share,
        {{ ratio("top_deciles.revenue", "worth.revenue") }} as top_decile_revenue_share
    from {{ ref("segment_worth") }} as worth
    inner join {{ ref("segment_top_deciles") }} as top_deciles
        on worth.segmentation = top_deciles.segmentation and worth.segment_id = top_deciles.segment_id

),

-- What the segment is worth: by the model where there is one, else by the last 90 days. Who never bought counts too.
valued as (

    select
        *,
        coalesce(lifetime_value, cast(revenue_last_90_days as double)) as total_value,
        {{ ratio("coalesce(lifetime_value, cast(revenue_last_90_days as double))", "customers") }} as value_per_customer
    from summed

),

-- Headroom: how far the segment lies below the best one of its segmentation, per customer, as a share of the best.
compared as (

    select
        *,
        1 - {{ ratio(
            "greatest(value_per_customer, 0)", "greatest(max(value_per_customer) over (partition by segmentation), 0)"
        ) }} as headroom
    from valued

),

final as (

    select
        compared.segmentation,
        compared.segment_id,
        segments.segment_name,
        compared.customers,
        compared.revenue,
        compared.revenue_last_90_days,
        compared.margin,
        cast({{ var("value")["horizons_days"] | max }} as integer) as horizon_days,
        round(compared.lifetime_value, 2) as lifetime_value,
        round(compared.value_per_customer, 4) as value_per_customer,
        case when compared.lifetime_value is not null then 'lifetime value' else 'revenue of the last 90 days' end
            as value_basis,
        round(compared.alive_share, 6) as alive_share,
        round(compared.top_decile_revenue_share, 6) as top_decile_revenue_share,
        round({{ ratio(
            "compared.revenue_last_90_days - compared.revenue_previous_90_days",
            "abs(compared.revenue_last_90_days) + abs(compared.revenue_previous_90_days)"
        ) }}, 6) as trend,
        round(compared.headroom, 6) as headroom,
        round(greatest(compared.total_value, 0) * compared.headroom, 2) as priority,
        cast(row_number() over (
            partition by compared.segmentation
            order by
                round(greatest(compared.total_value, 0) * compared.headroom, 2) desc nulls last,
                compared.segment_id asc
        ) as bigint) as priority_rank
    from compared
    left join {{ ref("segment_definitions") }} as segments
        on compared.segmentation = segments.segmentation and compared.segment_id = segments.segment_id

)

select * from final
