-- One row per segmentation, segment, categorical feature and level: its share, against that of all labelled customers.
with counts as (

    select * from {{ ref("segment_level_counts") }}

),

totals as (

    select
        *,
        sum(customers) over (partition by segmentation, segment_id, feature) as segment_customers,
        sum(customers) over (partition by segmentation, feature, level) as level_customers,
        sum(customers) over (partition by segmentation, feature) as all_customers
    from counts

),

shares as (

    select
        *,
        {{ ratio("customers", "segment_customers") }} as share,
        {{ ratio("level_customers", "all_customers") }} as overall_share,
        {{ ratio("level_customers - customers", "all_customers - segment_customers") }} as rest_share,
        {{ ratio("1", "segment_customers") }} + {{ ratio("1", "all_customers - segment_customers") }} as per_customer
    from totals

),

final as (

    select
        segmentation,
        segment_id,
        feature,
        level,
        customers,
        round(share, 6) as share,
        round(overall_share, 6) as overall,
        round((share - overall_share) / nullif(sqrt(overall_share * (1 - overall_share)), 0), 6)
            as standardised_difference,
        round(100 * share / overall_share, 4) as index_against_all,
        -- Two shares with a common variance; no test where fewer than five customers are expected on any side.
        case
            when
                least(overall_share, 1 - overall_share)
                * least(segment_customers, all_customers - segment_customers) >= 5
                then round(
                        (share - rest_share) / nullif(sqrt(overall_share * (1 - overall_share) * per_customer), 0), 6
                    )
        end as z
    from shares

)

select * from final
