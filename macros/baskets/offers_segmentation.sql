{#- The segmentation whose segments get rules and offers, by the variable offers.segmentation; for `auto` the first
    that clusters, else the first of method rfm, else the first. Without any: an empty text, which names none. -#}
{% macro offers_segmentation() -%}
    {%- set segmentation = var("offers")["segmentation"] -%}
    {%- if segmentation == "auto" -%}
        {%- set segmentation = segmentations_by_preference() | first | default("", true) -%}
    {%- endif -%}
    {{- return(segmentation) -}}
{%- endmacro %}
