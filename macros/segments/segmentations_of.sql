{#- The names of the configured segmentations of the given methods, in the order of the configuration. -#}
{% macro segmentations_of(methods) -%}
    {%- set names = [] -%}
    {%- for name, definition in (var("segmentations") or {}).items() if definition.get("method") in methods -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{- return(names) -}}
{%- endmacro %}
