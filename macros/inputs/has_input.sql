{#- Whether the project has this input at all. An absent one is a table without rows. -#}
{% macro has_input(input) -%}
    {{ return(input_setting(input) | length > 0) }}
{%- endmacro %}
