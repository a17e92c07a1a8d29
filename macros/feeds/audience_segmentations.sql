{#- The segmentations whose segments are audiences, by the variable audiences.segmentations: names, or for `auto` the
    first clustering segmentation, else the first of any method. -#}
{% macro audience_segmentations() -%}
    {%- set chosen = var("audiences")["segmentations"] -%}
    {%- if chosen == "auto" -%}
        {%- set clustering = segmentations_with("is_clustering") -%}
        {%- set chosen = (clustering or (var("segmentations") or {}).keys() | list)[:1] -%}
    {%- endif -%}
    {{- return(chosen) -}}
{%- endmacro %}
