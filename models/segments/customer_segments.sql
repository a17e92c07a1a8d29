-- One row per segmentation and current customer, for all methods alike: a segment, or the reason why there is none.
-- segment_id is the smoothed segment; distance, membership, runner-up and margin refer to the scored one.
with history as (

    select *
    from {{ ref("customer_segment_history") }}
    where is_current and {{ changed_only("customer_id") }}

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

final as (

    select
        history.segmentation,
        history.customer_id,
        history.as_of_date,
        history.segment_id,
        history.raw_segment_id,
        case when history.is_fallback then 'fallback' else configuration.method end as assigned_by,
        history.distance,
        history.membership,
        history.runner_up_segment_id,
        history.margin,
        history.margin < configuration.borderline_margin as is_borderline,
        history.reason,
        history.model_version
    from history
    inner join configuration on history.segmentation = configuration.segmentation

)

select * from final
