{#- The names of the clustering segmentations whose models learn from what comes in. -#}
{% macro online_segmentations() -%}
    {%- set names = [] -%}
    {%- for segmentation in segmentations_with("is_clustering") -%}
        {%- if segmentation_setting(segmentation, "update") == "online" -%}
            {%- do names.append(segmentation) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(names) -}}
{%- endmacro %}
