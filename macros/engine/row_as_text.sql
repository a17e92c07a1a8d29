{#- A row as JSON text. columns: a list of {name, expression}. -#}
{% macro row_as_text(columns) -%}
    {{ return(adapter.dispatch('row_as_text')(columns)) }}
{%- endmacro %}

{% macro duckdb__row_as_text(columns) -%}
    cast(to_json(struct_pack(
        {%- for column in columns %}
        {{ column.name }} := {{ column.expression }}{{ ',' if not loop.last }}
        {%- endfor %}
    )) as string)
{%- endmacro %}

{% macro default__row_as_text(columns) -%}
    to_json(named_struct(
        {%- for column in columns %}
        '{{ column.name }}', {{ column.expression }}{{ ',' if not loop.last }}
        {%- endfor %}
    ), map('ignoreNullFields', 'false'))
{%- endmacro %}
