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
        median,
        lower_quartile,
        upper_quartile,
        cast(null as double) as share,
        overall,
        standardised_difference,
        index_against_all,
        z
    from {{ ref("segment_number_profiles") }}

    union all

    select
        segmentation,
        segment_id,
        feature,
        level,
        customers,
        cast(null as double) as mean,
        cast(null as double) as median,
        cast(null as double) as lower_quartile,
        cast(null as double) as upper_quartile,
        share,
        overall,
        standardised_difference,
        index_against_all,
        z
    from {{ ref("segment_level_profiles") }}

),

tested as (

    select
        *,
        round({{ two_sided_p("z") }}, 9) as p_value
    from profiles

),

stepped as (

    -- Benjamini and Hochberg (1995): the largest p below its rank's share of 5 % decides for all smaller ones.
    select
        *,
        rank() over (partition by segmentation order by p_value nulls last) as p_rank,
        count(p_value) over (partition by segmentation) as tests
    from tested

),

judged as (

    select
        *,
        max(case when p_value <= 0.05 * p_rank / tests then p_value end) over (partition by segmentation)
            as largest_p_value
    from stepped

),

final as (

    select
        judged.segmentation,
        judged.segment_id,
        segments.segment_name,
        judged.feature,
        judged.level,
        judged.customers,
        judged.mean,
        judged.median,
        judged.lower_quartile,
        judged.upper_quartile,
        judged.share,
        judged.overall,
        judged.standardised_difference,
        judged.index_against_all,
        judged.p_value,
        -- Among many customers everything is beyond chance: what is notable is also large.
        coalesce(judged.p_value <= judged.largest_p_value, false) as is_beyond_chance,
        coalesce(judged.p_value <= judged.largest_p_value and abs(judged.standardised_difference) >= 0.2, false)
            as is_notable,
        segments.model_version
    from judged
    inner join segments
        on judged.segmentation = segments.segmentation and judged.segment_id = segments.segment_id

)

select * from final
