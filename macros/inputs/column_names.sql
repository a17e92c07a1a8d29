{#- The column names of an input, comma-separated. -#}
{% macro column_names(input) -%}
    {{ return(input_columns(input) | map(attribute='name') | join(",\n")) }}
{%- endmacro %}
