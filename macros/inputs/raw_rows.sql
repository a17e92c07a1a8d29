{#- The query of a raw_<input> view: every column of input_columns under its name, with the type that it comes in. An
    absent input is a typed table without rows. -#}
{% macro raw_rows(input) -%}
    {%- if not has_input(input) -%}
        {%- set columns = input_columns(input) -%}
        select
        {%- for column in columns %}
            cast(null as {{ sql_type(column.type) }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
        where 1 = 0
    {%- else -%}
        {{ mapped_rows(input, input_mapping(input, input_source_columns(input))) }}
    {%- endif -%}
{%- endmacro %}
