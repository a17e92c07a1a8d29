{#-
  The numeric features of a segmentation, scaled, as columns z_<position>, and its categories as level_<position>:
  a select list over a relation of features cross-joined with `p`, the model's parameters as columns.
-#}
{% macro scaled_columns(segmentation, p) -%}
    {%- set features = var("segmentations")[segmentation]["features"] -%}
    {%- set numeric = numeric_features(features) -%}
    {%- for feature in features %}
    {%- if feature in numeric %}
    {{ scaled(feature, p, loop.index) }} as z_{{ loop.index }}
    {%- else %}
    coalesce(cast({{ feature }} as {{ dbt.type_string() }}), '(missing)') as level_{{ loop.index }}
    {%- endif %}
    {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
