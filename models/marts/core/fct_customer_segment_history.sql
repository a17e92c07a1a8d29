-- One row per segmentation, customer and as-of date: the segment by the models of today, scored and smoothed, or the
-- reason why there was none.
-- depends_on: {{ ref("publication_gate") }}
with history as (

    select *
    from {{ ref("customer_segment_history") }}
    where {{ changed_dates("customer_id", "as_of_date") }}

),

final as (

    select
        segmentation,
        customer_id,
        as_of_date,
        raw_segment_id,
        segment_id,
        reason
    from history

)

select * from final
