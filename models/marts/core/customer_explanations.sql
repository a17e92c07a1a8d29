-- One row per clustering segmentation and customer with a segment: the features that place the customer in its scored
-- segment rather than the runner-up, and those that would move it there.
-- depends_on: {{ ref("publication_gate") }}
with explanations as (

    select * from {{ ref("cluster_explanations") }}

),

final as (

    select
        segmentation,
        customer_id,
        segment_id as raw_segment_id,
        runner_up_segment_id,
        {%- for side in ["for", "against"] %}
        {%- for place in range(1, 4) %}
        {{ side }}_feature_{{ place }},
        {{ side }}_part_{{ place }},
        {%- endfor %}
        {%- endfor %}
        model_version
    from explanations

)

select * from final
