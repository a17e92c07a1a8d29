{#- The segmentations whose segments are audiences, by the variable audiences.segmentations: names, or for `auto` the
    first clustering segmentation, else the first of any method. -#}
{% macro audience_segmentations() -%}
    {%- set chosen = var("audiences")["segmentations"] -%}
    {%- if chosen == "auto" -%}
        {%- set all = ["kmeans", "kprototypes", "rfm", "rules"] -%}
        {%- set chosen = ((segmentations_of(all[:2]) or segmentations_of(all)) + [none])[:1] | select | list -%}
    {%- endif -%}
    {{- return(chosen) -}}
{%- endmacro %}
