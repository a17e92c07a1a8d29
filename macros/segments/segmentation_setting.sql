{#- One setting of a segmentation, or the default of all of them. -#}
{% macro segmentation_setting(segmentation, setting) -%}
    {{- return(var("segmentations")[segmentation].get(setting, var("segmentation_defaults").get(setting))) -}}
{%- endmacro %}
