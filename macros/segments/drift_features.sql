{#- The features by which the drift of a segmentation is watched: its own, or those that RFM scores. -#}
{% macro drift_features(segmentation) -%}
    {%- if segmentation not in segmentations_with("is_clustering") -%}
        {{- return(["recency_days", "frequency", "monetary"]) -}}
    {%- endif -%}
    {{- return(var("segmentations")[segmentation]["features"]) -}}
{%- endmacro %}


{#- What is measured of a segmentation: pairs of a measure and a feature, empty where the measure is of the model. -#}
{% macro drift_measures_of(segmentation) -%}
    {%- set features = drift_features(segmentation) -%}
    {%- set numeric = numeric_features(features) -%}
    {%- set found = [] -%}
    {%- for feature in features -%}
        {%- do found.append(("feature_psi", feature)) -%}
        {%- if feature not in numeric -%}
            {%- do found.append(("unseen_share", feature)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if segmentation in segmentations_with("is_clustering") -%}
        {%- do found.extend([("segment_psi", ""), ("distance_change", "")]) -%}
    {%- endif -%}
    {{- return(found) -}}
{%- endmacro %}


{#- The bin of a customer in a feature: for a number its place among the edges of the fit, which stand in `edges` as
    columns edge_<i>_<number>; for a category its level. A value lies in the bin of the first edge that it does not
    exceed, as in segmentation.drift. numeric: those features that are numbers. -#}
{% macro drift_bin(feature, i, edges, numeric) -%}
    {%- if feature in numeric -%}
    case
        when {{ feature }} is null then '(missing)'
        else cast(
            1
            {%- for number in range(1, 10) %}
            + case when {{ feature }} > {{ edges }}.edge_{{ i }}_{{ number }} then 1 else 0 end
            {%- endfor %}
            as {{ dbt.type_string() }}
        )
    end
    {%- else -%}
    coalesce(cast({{ feature }} as {{ dbt.type_string() }}), '(missing)')
    {%- endif -%}
{%- endmacro %}


{#- The edges of all numbers of a segmentation as one row of columns edge_<i>_<number>. -#}
{% macro drift_edges(segmentation, parameters) -%}
    {%- set features = drift_features(segmentation) -%}
    select
        {%- for feature in numeric_features(features) %}
        {%- set i = features.index(feature) + 1 %}
        {%- for number in range(1, 10) %}
        {{ parameter("bin_edge", feature, number) }} as edge_{{ i }}_{{ number }},
        {%- endfor %}
        {%- endfor %}
        count(*) as parameter_rows
    from {{ parameters }}
    where segmentation = '{{ segmentation }}'
{%- endmacro %}


{#- A bin's part of the population stability index of two shares. What is empty counts as 0.0001, as in
    segmentation.drift: the logarithm knows no zero. -#}
{% macro stability_term(before, now) -%}
    (greatest({{ now }}, 0.0001) - greatest({{ before }}, 0.0001))
    * ln(greatest({{ now }}, 0.0001) / greatest({{ before }}, 0.0001))
{%- endmacro %}
