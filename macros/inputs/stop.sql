{#- Ends the run with a message. -#}
{% macro stop(message) -%}
    {{ exceptions.raise_compiler_error(message) }}
{%- endmacro %}
