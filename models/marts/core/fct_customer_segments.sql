-- One row per segmentation and customer: the segment at the as-of date, or the reason why there is none.
-- depends_on: {{ ref("publication_gate") }}
with labels as (

    select *
    from {{ ref("customer_segments") }}
    where {{ changed_only("customer_id") }}

),

segments as (

    select * from {{ ref("segment_definitions") }}

),

final as (

    select
        labels.segmentation,
        labels.customer_id,
        labels.segment_id,
        labels.raw_segment_id,
        segments.segment_name,
        labels.assigned_by,
        labels.distance,
        labels.membership,
        labels.runner_up_segment_id,
        labels.margin,
        labels.is_borderline,
        labels.reason,
        labels.model_version,
        labels.as_of_date
    from labels
    left join segments
        on labels.segmentation = segments.segmentation and labels.segment_id = segments.segment_id

)

select * from final
