-- One row per clustering segmentation and current customer with a scored segment: what places it there.
with customers as (

    select *
    from {{ ref("customer_features") }}
    where is_current

),

labels as (

    select
        segmentation,
        customer_id,
        raw_segment_id as segment_id,
        runner_up_segment_id
    from {{ ref("customer_segments") }}
    where raw_segment_id is not null and assigned_by in ('kmeans', 'kprototypes')

),

parameters as (

    select * from {{ ref("candidate_parameters") }}

),

final as (

    {% for segmentation in segmentations_of(["kmeans", "kprototypes"]) %}
    select *
    from (
        {{ explain_clusters(segmentation, "customers", "labels", "parameters") | indent(8) }}
    ) as {{ segmentation }}
    {{ "union all" if not loop.last }}
    {% else %}
    {{ no_rows(explanation_types()) }}
    {% endfor %}

)

select * from final
