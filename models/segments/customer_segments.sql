-- One row per segmentation and current customer, for all methods alike: a segment, or the reason why there is none.
with rules as (

    select * from {{ ref("rule_segments") }}

),

rfm as (

    select * from {{ ref("rfm_labels") }}

),

clusters as (

    select * from {{ ref("cluster_segments") }}

),

crisp as (

    select
        segmentation,
        customer_id,
        as_of_date,
        segment_id,
        reason,
        model_version
    from rules

    union all

    select
        segmentation,
        customer_id,
        as_of_date,
        segment_id,
        reason,
        model_version
    from rfm

),

all_methods as (

    select
        segmentation,
        customer_id,
        as_of_date,
        segment_id,
        cast(null as double) as distance,
        cast(null as double) as membership,
        cast(null as integer) as runner_up_segment_id,
        cast(null as double) as margin,
        reason,
        model_version
    from crisp

    union all

    select
        segmentation,
        customer_id,
        as_of_date,
        segment_id,
        distance,
        membership,
        runner_up_segment_id,
        margin,
        reason,
        model_version
    from clusters

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

verdicts as (

    select
        segmentation,
        fallback
    from {{ ref("segmentation_verdicts") }}
    where fallback is not null

),

-- Where clusters are not advised, the labels of a simpler segmentation stand in their place.
published as (

    select
        all_methods.*,
        false as is_fallback
    from all_methods
    left join verdicts on all_methods.segmentation = verdicts.segmentation
    where verdicts.fallback is null

    union all

    select
        verdicts.segmentation,
        all_methods.customer_id,
        all_methods.as_of_date,
        all_methods.segment_id,
        all_methods.distance,
        all_methods.membership,
        all_methods.runner_up_segment_id,
        all_methods.margin,
        all_methods.reason,
        all_methods.model_version,
        true as is_fallback
    from all_methods
    inner join verdicts on all_methods.segmentation = verdicts.fallback

),

final as (

    select
        published.segmentation,
        published.customer_id,
        published.as_of_date,
        cast(published.segment_id as integer) as segment_id,
        cast(published.segment_id as integer) as raw_segment_id,
        case when published.is_fallback then 'fallback' else configuration.method end as assigned_by,
        published.distance,
        published.membership,
        cast(published.runner_up_segment_id as integer) as runner_up_segment_id,
        published.margin,
        published.margin < configuration.borderline_margin as is_borderline,
        published.reason,
        published.model_version
    from published
    inner join configuration on published.segmentation = configuration.segmentation

)

select * from final
