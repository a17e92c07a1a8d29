{#- The names of the configured segmentations whose method has a trait, in the order of the configuration. -#}
{% macro segmentations_with(trait) -%}
    {{- return(segmentations_of(methods_with(trait))) -}}
{%- endmacro %}


{#- The names of all configured segmentations: those that cluster first, then others that are fitted, then the rest; each
    in the order of the configuration. `auto` takes the first. -#}
{% macro segmentations_by_preference() -%}
    {%- set names = segmentations_with("is_clustering") -%}
    {%- do names.extend(segmentations_with("is_fitted") | reject("in", names) | list) -%}
    {%- do names.extend((var("segmentations") or {}).keys() | reject("in", names) | list) -%}
    {{- return(names) -}}
{%- endmacro %}
