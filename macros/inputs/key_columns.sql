{#- The names of the columns that identify a row of an input. -#}
{% macro key_columns(input) -%}
    {{ return(input_columns(input) | selectattr('role', 'equalto', 'key') | map(attribute='name') | list) }}
{%- endmacro %}
