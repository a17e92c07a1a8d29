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

verdicts as (

    select
        segmentation,
        fallback
    from {{ ref("segmentation_verdicts") }}

),

models as (

    select
        segmentation,
        max(model_version) as model_version
    from {{ ref("candidate_parameters") }}
    group by segmentation

),

assigners as (

    select
        configuration.segmentation,
        case when verdicts.fallback is null then configuration.method else 'fallback' end as assigned_by,
        configuration.borderline_margin,
        coalesce(models.model_version, sources.config_hash) as model_version
    from configuration
    left join verdicts on configuration.segmentation = verdicts.segmentation
    inner join configuration as sources
        on coalesce(verdicts.fallback, configuration.segmentation) = sources.segmentation
    left join models on sources.segmentation = models.segmentation

),

final as (

    select
        history.segmentation,
        history.customer_id,
        history.as_of_date,
        history.segment_id,
        history.raw_segment_id,
        assigners.assigned_by,
        history.distance,
        history.membership,
        history.runner_up_segment_id,
        history.margin,
        history.margin < assigners.borderline_margin as is_borderline,
        history.reason,
        assigners.model_version
    from history
    inner join assigners on history.segmentation = assigners.segmentation

)

select * from final
