-- One row per segmentation, segment and feature that tells the segment apart, the strongest first.
-- depends_on: {{ ref("publication_gate") }}
with segments as (

    select * from {{ ref("segment_definitions") }}

),

differences as (

    select
        segmentation,
        segment_id,
        feature,
        '' as level,
        standardised_difference,
        mean as own_value,
        overall_mean as overall_value,
        is_beyond_chance
    from {{ ref("segment_number_profiles") }}

    union all

    select
        segmentation,
        segment_id,
        feature,
        level,
        standardised_difference,
        share as own_value,
        overall_share as overall_value,
        is_beyond_chance
    from {{ ref("segment_level_profiles") }}

),

-- Of a category the level that differs most.
strongest as (

    select *
    from differences
    where is_beyond_chance and abs(standardised_difference) >= 0.1
    qualify row_number() over (
        partition by segmentation, segment_id, feature
        order by abs(standardised_difference) desc, level asc
    ) = 1

),

final as (

    select
        strongest.segmentation,
        strongest.segment_id,
        segments.segment_name,
        row_number() over (
            partition by strongest.segmentation, strongest.segment_id
            order by abs(strongest.standardised_difference) desc, strongest.feature asc
        ) as driver_rank,
        strongest.feature,
        strongest.level,
        strongest.standardised_difference,
        concat(
            case
                when abs(strongest.standardised_difference) >= 1.5 then 'far '
                when abs(strongest.standardised_difference) >= 0.5 then 'clearly '
                else 'somewhat '
            end,
            case when strongest.standardised_difference > 0 then 'more' else 'less' end,
            case
                when strongest.level = '' then ' than average: '
                else concat(' often ', strongest.level, ': ')
            end,
            case
                when strongest.level = '' then {{ as_text("strongest.own_value", "decimal(18, 2)") }}
                else concat({{ as_text("100 * strongest.own_value", "decimal(18, 1)") }}, ' percent')
            end,
            ' against ',
            case
                when strongest.level = '' then {{ as_text("strongest.overall_value", "decimal(18, 2)") }}
                else concat({{ as_text("100 * strongest.overall_value", "decimal(18, 1)") }}, ' percent')
            end
        ) as direction
    from strongest
    inner join segments
        on strongest.segmentation = segments.segmentation and strongest.segment_id = segments.segment_id

)

select * from final
