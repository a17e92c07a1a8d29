-- One row per segmentation, segment, feature and (for categories) level: what the segment is like, against all.
-- depends_on: {{ ref("publication_gate") }}
with segments as (

    select * from {{ ref("segment_definitions") }}

),

profiles as (

    select
        segmentation,
        segment_id,
        feature,
        '' as level,
        customers,
        mean,
        lower_quartile,
        median,
        upper_quartile,
        cast(null as double) as share,
        standardised_difference,
        index_against_all,
        is_beyond_chance
    from {{ ref("segment_number_profiles") }}

    union all

    select
        segmentation,
        segment_id,
        feature,
        level,
        customers,
        cast(null as double) as mean,
        cast(null as double) as lower_quartile,
        cast(null as double) as median,
        cast(null as double) as upper_quartile,
        share,
        standardised_difference,
        index_against_all,
        is_beyond_chance
    from {{ ref("segment_level_profiles") }}

),

final as (

    select
        profiles.segmentation,
        profiles.segment_id,
        segments.segment_name,
        profiles.feature,
        profiles.level,
        profiles.customers,
        profiles.mean,
        profiles.lower_quartile,
        profiles.median,
        profiles.upper_quartile,
        profiles.share,
        profiles.standardised_difference,
        profiles.index_against_all,
        profiles.is_beyond_chance,
        segments.model_version
    from profiles
    inner join segments
        on profiles.segmentation = segments.segmentation and profiles.segment_id = segments.segment_id

)

select * from final
