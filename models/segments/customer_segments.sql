-- One row per segmentation and current customer, for all methods alike: a segment, or the reason why there is none.
-- segment_id is the smoothed segment; distance, membership, runner-up and margin are told of it, also where another one
-- is nearer.
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

held as (

    select * from {{ ref("held_customers") }}

),

stands as (

    select
        history.segmentation,
        history.customer_id,
        history.as_of_date,
        history.segment_id,
        history.raw_segment_id,
        history.reason,
        case
            when history.segment_id = history.raw_segment_id then history.distance
            else held.distance
        end as distance,
        case
            when history.segment_id = history.raw_segment_id then history.membership
            else held.membership
        end as membership,
        case
            when history.segment_id = history.raw_segment_id then history.runner_up_segment_id
            else held.runner_up_segment_id
        end as runner_up_segment_id,
        case
            when history.segment_id = history.raw_segment_id then history.margin
            else held.margin
        end as margin
    from history
    left join held on history.segmentation = held.segmentation and history.customer_id = held.customer_id

),

final as (

    select
        stands.segmentation,
        stands.customer_id,
        stands.as_of_date,
        stands.segment_id,
        stands.raw_segment_id,
        assigners.assigned_by,
        stands.distance,
        stands.membership,
        stands.runner_up_segment_id,
        stands.margin,
        stands.margin < assigners.borderline_margin as is_borderline,
        stands.reason,
        assigners.model_version
    from stands
    inner join assigners on stands.segmentation = assigners.segmentation

)

select * from final
