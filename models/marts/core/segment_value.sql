-- One row per segmentation and segment: what it brings, what may follow, and where effort pays.
-- depends_on: {{ ref("publication_gate") }}
with customers as (

    select
        labels.segmentation,
        labels.segment_id,
        worth.*,
        -- Whichever of equals comes first: only what the first ones spent is added up.
        row_number() over (
            partition by labels.segmentation, labels.segment_id order by worth.monetary desc
        ) as spending_rank,
        count(*) over (partition by labels.segmentation, labels.segment_id) as segment_customers
    from {{ ref("customer_segments") }} as labels
    inner join {{ ref("int_customer_worth") }} as worth on labels.customer_id = worth.customer_id
    where labels.segment_id is not null

),

summed as (

    select
        segmentation,
        segment_id,
        count(*) as customers,
        {{ money_sum("monetary") }} as revenue,
        {{ money_sum("revenue_last_90_days") }} as revenue_last_90_days,
        {{ money_sum("revenue_previous_90_days") }} as revenue_previous_90_days,
        case when count(margin) > 0 then {{ money_sum("margin") }} end as margin,
        {{ exact_sum("lifetime_value") }} as lifetime_value,
        {{ ratio(exact_sum("probability_alive"), "count(probability_alive)") }} as alive_share,
        {{ ratio(
            money_sum("case when 10 * spending_rank <= segment_customers + 9 then monetary end"),
            money_sum("monetary")
        ) }} as top_decile_revenue_share
    from customers
    group by segmentation, segment_id

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
