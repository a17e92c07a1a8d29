{#- The var `attributes` as far as it is well formed: {name: type}. What is not is reported by check_inputs and by the
    configuration; here it must not break the rendering of a model before they have spoken. -#}
{% macro declared_attributes() -%}
    {%- set attributes = {} -%}
    {%- set declared = var('attributes') -%}
    {%- if declared is mapping -%}
        {%- for name, type in declared.items() if type is string and sql_type(type | lower) -%}
            {%- do attributes.update({name: type | lower}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(attributes) }}
{%- endmacro %}
