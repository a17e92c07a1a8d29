-- One row per segmentation with a model, measure and feature (empty where the measure is of the model as a whole): how
-- far today's customers are from those of the fit, by the model that was active when this build began.
-- depends_on: {{ ref("customer_features") }}
{%- set drift = var("drift") %}
{%- set columns = {"segmentation": "string", "measure": "string", "feature": "string"} %}
with parameters as (

    select * from {{ ref("standing_parameters") }}

),

bins as (

    select * from {{ ref("drift_bins") }}

),

counts as (

    select * from {{ ref("drift_counts") }}

),

wanted as (

    {% for segmentation in segmentations_of(["rfm", "kmeans", "kprototypes"]) %}
    {%- set features = drift_features(segmentation) %}
    {%- for feature in features %}
    select '{{ segmentation }}' as segmentation, 'feature_psi' as measure, '{{ feature }}' as feature
    union all
    {%- if feature not in numeric_features(features) %}
    select '{{ segmentation }}' as segmentation, 'unseen_share' as measure, '{{ feature }}' as feature
    union all
    {%- endif %}
    {%- endfor %}
    {%- if segmentation not in segmentations_of(["rfm"]) %}
    {%- for measure in ["segment_psi", "distance_change"] %}
    select '{{ segmentation }}' as segmentation, '{{ measure }}' as measure, '' as feature
    union all
    {%- endfor %}
    {%- endif %}
    {% endfor %}
    {{ no_rows(columns) }}

),

models as (

    select
        segmentation,
        max(model_version) as model_version,
        max(generation) as generation,
        {{ parameter("model", "sample_size") }} as sample_size,
        {{ parameter("mean_distance") }} as mean_distance
    from parameters
    group by segmentation

),

-- Bins that held less than one in a hundred are one: their index would be noise.
pooled as (

    select
        segmentation,
        feature,
        case when share_at_fit >= 0.01 or feature = '' then bin else '(other)' end as bin,
        sum(share_at_fit) as share_at_fit,
        sum(share) as share,
        sum(customers) as customers
    from bins
    group by all

),

indices as (

    select
        segmentation,
        case when feature = '' then 'segment_psi' else 'feature_psi' end as measure,
        feature,
        {{ exact_sum(stability_term("share_at_fit", "share"), digits=9) }} as value,
        count(*) - 1 as freedom,
        sum(customers) as customers
    from pooled
    group by segmentation, feature

),

unseen as (

    select
        segmentation,
        'unseen_share' as measure,
        feature,
        -- Of very many levels the rare ones were one bin: what exceeds their share is unseen for certain.
        greatest(
            {{ exact_sum("case when is_known then 0 else share end", digits=9) }}
            - coalesce(max(case when bin = '(other)' and is_known then share_at_fit end), 0),
            0
        ) as value,
        0 as freedom,
        sum(customers) as customers
    from bins
    group by segmentation, feature

),

distances as (

    select
        counts.segmentation,
        'distance_change' as measure,
        '' as feature,
        {{ ratio(
            ratio(exact_sum("counts.total_distance"), "sum(counts.customers)"), "max(models.mean_distance)"
        ) }} - 1 as value,
        0 as freedom,
        sum(counts.customers) as customers
    from counts
    inner join models on counts.segmentation = models.segmentation
    where counts.segment_id is not null
    group by counts.segmentation

),

measured as (

    select * from indices
    union all
    select * from unseen
    union all
    select * from distances

),

limited as (

    select
        wanted.segmentation,
        wanted.measure,
        wanted.feature,
        models.model_version,
        models.generation,
        cast(coalesce(measured.customers, 0) as bigint) as customers,
        round(measured.value, 6) as value,
        case
            when wanted.measure in ('feature_psi', 'segment_psi') then greatest(
                {{ drift["psi"] }},
                -- What chance alone exceeds once in twenty: the index of two samples of one population is distributed
                -- like chi-squared times (1/n + 1/m) (Yurdakul 2018); the quantile is Wilson and Hilferty's (1931).
                coalesce(
                    measured.freedom
                    * pow(
                        1 - 2 / (9.0 * nullif(measured.freedom, 0))
                        + 1.6448536 * sqrt(2 / (9.0 * nullif(measured.freedom, 0))),
                        3
                    )
                    * (1 / nullif(models.sample_size, 0) + 1.0 / nullif(measured.customers, 0)),
                    0
                )
            )
            when wanted.measure = 'distance_change' then {{ drift["distance_change"] }}
            else {{ drift["unseen_share"] }}
        end as threshold
    from wanted
    left join models on wanted.segmentation = models.segmentation
    left join measured
        on
            wanted.segmentation = measured.segmentation
            and wanted.measure = measured.measure
            and wanted.feature = measured.feature

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
        round(cast(threshold as double), 6) as threshold,
        coalesce(value > round(cast(threshold as double), 6), false) as is_beyond,
        case
            when value is null then 'no baseline'
            when value > round(cast(threshold as double), 6) then 'beyond'
            when measure in ('feature_psi', 'segment_psi') and value > {{ drift["notable_psi"] }} then 'notable'
            else 'stable'
        end as state
    from limited

)

select * from final
