-- One row per segmentation, as-of date, segment before and segment after, staying included: how many customers, and
-- what they brought in between. 0 stands for no segment: from 0 a customer enters, to 0 a customer leaves.
-- depends_on: {{ ref("publication_gate") }}
with moves as (

    select
        segmentation,
        as_of_date,
        previous_as_of_date,
        from_segment_id,
        to_segment_id,
        cast(sum(customers) as bigint) as customers,
        {{ money_sum("revenue") }} as revenue
    from {{ ref("segment_moves") }}
    where previous_as_of_date is not null
    group by segmentation, as_of_date, previous_as_of_date, from_segment_id, to_segment_id

),

segments as (

    select * from {{ ref("segment_definitions") }}

),

final as (

    select
        moves.segmentation,
        moves.as_of_date,
        moves.previous_as_of_date,
        moves.from_segment_id,
        before.segment_name as from_segment_name,
        moves.to_segment_id,
        after.segment_name as to_segment_name,
        case
            when moves.from_segment_id = moves.to_segment_id then 'stayed'
            when moves.from_segment_id = 0 then 'entered'
            when moves.to_segment_id = 0 then 'left'
            else 'moved'
        end as migration,
        moves.customers,
        round({{ ratio(
            "moves.customers",
            "sum(moves.customers) over (partition by moves.segmentation, moves.as_of_date, moves.from_segment_id)"
        ) }}, 6) as share,
        moves.revenue
    from moves
    left join segments as before
        on moves.segmentation = before.segmentation and moves.from_segment_id = before.segment_id
    left join segments as after
        on moves.segmentation = after.segmentation and moves.to_segment_id = after.segment_id

)

select * from final
