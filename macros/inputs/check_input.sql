{#- Proves that one input can be read: its files or relation, its columns, their types. Every message names the input,
    the column, what was expected, what there is, and the var to set. -#}
{% macro check_input(input) -%}
    {%- if has_input(input) -%}
        {%- do check_input_place(input) -%}
        {%- set source_columns = input_source_columns(input) -%}
        {%- do check_input_columns(input, source_columns) -%}
        {%- do check_input_types(input, source_columns) -%}
    {%- endif -%}
{%- endmacro %}
