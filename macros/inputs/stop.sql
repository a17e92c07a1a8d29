{#- Ends the run with a message. It is an error of the run and not of the compilation: below one of those dbt names every
    macro that it came through. -#}
{% macro stop(message) -%}
    {{ exceptions.raise_fail_fast_error(message) }}
{%- endmacro %}
