-- One row per segmentation with a model, measure and feature (empty where the measure is of the model as a whole): how
-- far today's customers are from those of the fit, by the model that was active when this build began.
-- depends_on: {{ ref("customer_features") }}
{%- set drift = var("drift") %}
with parameters as (

    select * from {{ ref("standing_parameters") }}

),

measured as (

    select * from {{ ref("drift_measures") }}

),

wanted as (

    {% for segmentation in segmentations_with("is_fitted") %}
    {%- for measure, feature in drift_measures_of(segmentation) %}
    select
        '{{ segmentation }}' as segmentation,
        '{{ measure }}' as measure,
        '{{ feature }}' as feature
    union all
    {%- endfor %}
    {% endfor %}
    {{ no_rows({"segmentation": "string", "measure": "string", "feature": "string"}) }}

),

models as (

    select
        segmentation,
        max(model_version) as model_version,
        max(generation) as generation,
        {{ parameter("model", "sample_size") }} as sample_size
    from parameters
    group by segmentation

),

-- What chance alone exceeds once in twenty: the index of two samples of one population is distributed like chi-squared
-- times (1/n + 1/m) (Yurdakul 2018). The quantile is the approximation of Wilson and Hilferty (1931).
matched as (

    select
        wanted.*,
        models.model_version,
        models.generation,
        cast(coalesce(measured.customers, 0) as bigint) as customers,
        round(measured.value, 6) as value,
        measured.freedom
        * pow(
            1 - 2 / (9.0 * nullif(measured.freedom, 0)) + 1.6448536 * sqrt(2 / (9.0 * nullif(measured.freedom, 0))), 3
        )
        * (1 / nullif(models.sample_size, 0) + 1.0 / nullif(measured.customers, 0)) as likely_by_chance
    from wanted
    left join models on wanted.segmentation = models.segmentation
    left join measured
        on
            wanted.segmentation = measured.segmentation
            and wanted.measure = measured.measure
            and wanted.feature = measured.feature

),

limited as (

    select
        *,
        measure in ('feature_psi', 'segment_psi') as is_index,
        cast(case measure
            when 'distance_change' then {{ drift["distance_change"] }}
            when 'unseen_share' then {{ drift["unseen_share"] }}
            else greatest({{ drift["psi"] }}, coalesce(round(likely_by_chance, 6), 0))
        end as double) as threshold
    from matched

),

final as (

    select
        segmentation,
        measure,
        feature,
        model_version,
        generation,
        customers,
        value,
        threshold,
        coalesce(value > threshold, false) as is_beyond,
        case
            when value is null then 'no baseline'
            when value > threshold then 'beyond'
            when is_index and value > {{ drift["notable_psi"] }} then 'notable'
            else 'stable'
        end as state
    from limited

)

select * from final
