-- One row per clustering segmentation and numeric feature in use: mean and deviation of the sample after scaling.
-- depends_on: {{ ref("customer_features") }}
{%- set columns = {
    "segmentation": "string", "feature": "string", "scale": "string", "weight": "double", "customers": "bigint",
    "mean": "double", "deviation": "double",
} %}
with sample as (

    select *
    from {{ ref("training_sample") }}

),

parameters as (

    select * from {{ ref("candidate_parameters") }}

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

statistics as (

    {%- for segmentation in segmentations_with("is_clustering") %}
    {%- set features = var("segmentations")[segmentation]["features"] %}
    select *
    from (
        with model as (

            {{ model_as_columns(segmentation, "parameters") | indent(12) }}

        ),

        scaled as (

            select
                model.*,
                {{ scaled_columns(segmentation, "model") | indent(12) }}
            from sample
            cross join model
            inner join configuration on configuration.segmentation = '{{ segmentation }}'
            where sample.has_purchased or not configuration.uses_orders

        )

        {%- for feature in numeric_features(features) %}
        {%- set i = features.index(feature) + 1 %}

        select
            '{{ segmentation }}' as segmentation,
            '{{ feature }}' as feature,
            '{{ feature_setting(feature, "scale") }}' as scale,
            max(weight_{{ i }}) as weight,
            count(*) as customers,
            avg(z_{{ i }}) as mean,
            stddev_pop(z_{{ i }}) as deviation
        from scaled
        union all
        {%- endfor %}

        {{ no_rows(columns) }}
    ) as {{ segmentation }}
    union all
    {%- endfor %}
    {{ no_rows(columns) }}

),

models as (

    select
        segmentation,
        -- One that has moved with new customers keeps the scaling of its fit.
        bool_or(is_new) and coalesce({{ parameter("decision", "action", value="value_string") }}, '') <> 'updated'
            as is_newly_fitted
    from parameters
    group by segmentation

),

final as (

    select
        statistics.*,
        models.is_newly_fitted
    from statistics
    inner join models on statistics.segmentation = models.segmentation
    -- A feature that does not vary is left out of the distance, with weight zero.
    where statistics.weight > 0

)

select * from final
