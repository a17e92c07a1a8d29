{#- Ends the run with a message, below which dbt names the macros that it came through: for what a user cannot bring about
    by a mistake in the variables or the data. Checks of those return their sentences instead (`told_problems`). -#}
{% macro stop(message) -%}
    {{ exceptions.raise_compiler_error(message) }}
{%- endmacro %}
