-- One row per segmentation, segment, preference and level: which channel, category and time the segment prefers.
-- depends_on: {{ ref("publication_gate") }}
with levels as (

    select *
    from {{ ref("segment_level_profiles") }}
    where feature like 'preferred%' and level <> '(missing)'

),

final as (

    select
        segmentation,
        segment_id,
        feature as preference,
        level,
        customers,
        share,
        index_against_all,
        cast(row_number() over (
            partition by segmentation, segment_id, feature
            order by customers desc, level asc
        ) as bigint) as preference_rank
    from levels

)

select * from final
