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

final as (

    select
        all_methods.segmentation,
        all_methods.customer_id,
        all_methods.as_of_date,
        cast(all_methods.segment_id as integer) as segment_id,
        cast(all_methods.segment_id as integer) as raw_segment_id,
        configuration.method as assigned_by,
        all_methods.distance,
        all_methods.membership,
        cast(all_methods.runner_up_segment_id as integer) as runner_up_segment_id,
        all_methods.margin,
        all_methods.margin < configuration.borderline_margin as is_borderline,
        all_methods.reason,
        all_methods.model_version
    from all_methods
    inner join configuration on all_methods.segmentation = configuration.segmentation

)

select * from final
