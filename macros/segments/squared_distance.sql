{#-
  Squared distance of a customer to the segment in a slot: weighted direct differences of the scaled numbers, and
  gamma for each category that differs. Null for a slot that the model does not use.

  numeric: those of the segmentation's features that are numbers, which whoever asks for many slots finds out once.
-#}
{% macro squared_distance(segmentation, slot, numeric) -%}
    {%- set features = var("segmentations")[segmentation]["features"] -%}
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
