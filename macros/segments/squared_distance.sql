{#-
  Squared distance of a customer to the segment in a slot: weighted direct differences of the scaled numbers, and
  gamma for each category that differs. Null for a slot that the model does not use.
-#}
{% macro squared_distance(segmentation, slot) -%}
    {%- set features = var("segmentations")[segmentation]["features"] -%}
    {%- set numeric = numeric_features(features) -%}
    {%- for feature in features %}
    {%- set i = loop.index %}
    {%- if feature in numeric %}
    weight_{{ i }} * (z_{{ i }} - centroid_{{ i }}_{{ slot }}) * (z_{{ i }} - centroid_{{ i }}_{{ slot }})
    {%- else %}
    case when level_{{ i }} = mode_{{ i }}_{{ slot }} then 0 when mode_{{ i }}_{{ slot }} is not null then gamma_{{ i }} end
    {%- endif %}
    {{- " +" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
