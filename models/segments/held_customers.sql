-- One row per clustering segmentation and customer of this run whom smoothing holds in a segment that is not the nearest:
-- how the customer stands in that segment.
-- depends_on: {{ ref("customer_features") }}
with held as (

    select
        history.segmentation,
        history.customer_id,
        history.segment_id
    from {{ ref("customer_segment_history") }} as history
    inner join {{ ref("segmentation_verdicts") }} as verdicts on history.segmentation = verdicts.segmentation
    where
        history.is_current
        and history.segment_id <> history.raw_segment_id
        -- The segments of a fallback have no distances.
        and verdicts.fallback is null
        and {{ changed_only("history.customer_id") }}

),

features as (

    select * from {{ ref("current_features") }}

),

parameters as (

    select * from {{ ref("candidate_parameters") }}

),

{% for segmentation in segmentations_with("is_clustering") -%}
held_in_{{ segmentation }} as (

    select
        features.*,
        held.segment_id as own_segment_id
    from held
    inner join features on held.customer_id = features.customer_id
    where held.segmentation = '{{ segmentation }}'

),

{% endfor -%}
final as (

    {% for segmentation in segmentations_with("is_clustering") %}
    select
        segmentation,
        customer_id,
        segment_id,
        distance,
        membership,
        runner_up_segment_id,
        margin
    from (
        {{ score_clusters(segmentation, "held_in_" ~ segmentation, "parameters", own="own_segment_id") | indent(8) }}
    ) as {{ segmentation }}
    {{ "union all" if not loop.last }}
    {% else %}
    {{ no_rows({
        "segmentation": "string", "customer_id": "string", "segment_id": "integer", "distance": "double",
        "membership": "double", "runner_up_segment_id": "integer", "margin": "double",
    }, "held") }}
    {% endfor %}

)

select * from final
