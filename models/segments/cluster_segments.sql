-- One row per clustering segmentation, customer and as-of date that this run scores: the nearest segment by the stored
-- model, or a reason.
with customers as (

    select *
    from {{ ref("customer_features") }}
    where {{ changed_dates("customer_id", "as_of_date") }}

),

parameters as (

    select * from {{ ref("candidate_parameters") }}

),

configuration as (

    select
        segmentation,
        uses_orders
    from {{ ref("resolved_configuration") }}

),

scored as (

    {% for segmentation in segmentations_with("is_clustering") %}
    select *
    from (
        {{ score_clusters(segmentation, "customers", "parameters") | indent(8) }}
    ) as {{ segmentation }}
    {{ "union all" if not loop.last }}
    {% else %}
    {{ no_rows({
        "segmentation": "string", "customer_id": "string", "as_of_date": "date", "is_current": "boolean", "has_purchased": "boolean",
        "purchase_status": "string", "model_reason": "string", "segment_id": "integer", "distance": "double",
        "membership": "double", "runner_up_segment_id": "integer", "margin": "double", "model_version": "string",
    }) }}
    {% endfor %}

),

eligible as (

    select
        scored.*,
        scored.has_purchased or not configuration.uses_orders as is_eligible
    from scored
    inner join configuration on scored.segmentation = configuration.segmentation

),

final as (

    select
        segmentation,
        customer_id,
        as_of_date,
        is_current,
        case when is_eligible then segment_id end as segment_id,
        -- Of the past only the segment is told, and the margin that smoothing asks for.
        case when is_eligible and is_current then distance end as distance,
        case when is_eligible and is_current then membership end as membership,
        case when is_eligible and is_current then runner_up_segment_id end as runner_up_segment_id,
        case when is_eligible then margin end as margin,
        case
            when not is_eligible then purchase_status
            when segment_id is null then model_reason
        end as reason
    from eligible

)

select * from final
