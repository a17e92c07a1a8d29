-- One row per clustering segmentation and labelled customer: the features that place it where it is, and those that
-- would move it to the runner-up, in numbers and in words.
-- depends_on: {{ ref("publication_gate") }} {{ ref("customer_features") }}
{%- set columns = {
    "segmentation": "string", "customer_id": "string", "segment_id": "integer", "runner_up_segment_id": "integer",
    "advantage": "double",
} %}
{%- for kind in ["place", "move"] %}
{%- for rank in [1, 2, 3] %}
{%- do columns.update({kind ~ "_feature_" ~ rank: "string", kind ~ "_contribution_" ~ rank: "double"}) %}
{%- endfor %}
{%- do columns.update({kind ~ "_words": "string"}) %}
{%- endfor %}
{%- do columns.update({"model_version": "string", "as_of_date": "date"}) %}
with customers as (

    select *
    from {{ ref("current_features") }}
    where {{ changed_only("customer_id") }}

),

parameters as (

    select * from {{ ref("candidate_parameters") }}

),

labels as (

    -- A label that stands in for clusters that are not advised has no distances to explain.
    select
        segmentation,
        customer_id,
        segment_id,
        runner_up_segment_id,
        model_version,
        as_of_date
    from {{ ref("customer_segments") }}
    where
        segment_id is not null
        and runner_up_segment_id is not null
        and assigned_by <> 'fallback'
        and {{ changed_only("customer_id") }}

),

final as (

    {% for segmentation in segmentations_with("is_clustering") %}
    select *
    from (
        {{ explain_customers(segmentation, "labels", "customers", "parameters") | indent(8) }}
    ) as {{ segmentation }}
    {{ "union all" if not loop.last }}
    {% else %}
    {{ no_rows(columns, "labels") }}
    {% endfor %}

)

select {{ columns.keys() | join(", ") }} from final
