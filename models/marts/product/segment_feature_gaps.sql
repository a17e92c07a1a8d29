-- One row per segmentation, segment but the leading one, and numeric feature: how far the segment lies from the one
-- that brings most a head.
-- depends_on: {{ ref("publication_gate") }}
with profiles as (

    select * from {{ ref("segment_number_profiles") }}

),

sizes as (

    select
        segmentation,
        segment_id,
        row_number() over (
            partition by segmentation
            order by {{ ratio("revenue", "customers") }} desc nulls last, segment_id
        ) as revenue_rank
    from {{ ref("segment_sizes") }}
    where customers > 0

),

best as (

    select
        profiles.segmentation,
        profiles.segment_id,
        profiles.feature,
        profiles.mean,
        profiles.standardised_difference
    from profiles
    inner join sizes on profiles.segmentation = sizes.segmentation and profiles.segment_id = sizes.segment_id
    where sizes.revenue_rank = 1

),

final as (

    select
        profiles.segmentation,
        profiles.segment_id,
        profiles.feature,
        profiles.mean,
        best.segment_id as leading_segment_id,
        best.mean as leading_mean,
        round(best.mean - profiles.mean, 6) as gap,
        -- In deviations of all customers, so that features can be compared.
        round(best.standardised_difference - profiles.standardised_difference, 6) as standardised_gap,
        cast(row_number() over (
            partition by profiles.segmentation, profiles.segment_id
            order by
                abs(best.standardised_difference - profiles.standardised_difference) desc nulls last,
                profiles.feature
        ) as bigint) as gap_rank
    from profiles
    inner join best
        on
            profiles.segmentation = best.segmentation
            and profiles.feature = best.feature
            and profiles.segment_id <> best.segment_id

)

select * from final
