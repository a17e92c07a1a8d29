{#- The largest number of segments that a clustering segmentation may have: its pinned k, or the upper end of its range. -#}
{% macro largest_k(segmentation) -%}
    {%- set k = segmentation_setting(segmentation, "k") -%}
    {%- if k is mapping -%}
        {{- return((k.get("max") or var("segmentation_defaults")["k"]["max"]) | int) -}}
    {%- endif -%}
    {{- return(k | int) -}}
{%- endmacro %}
