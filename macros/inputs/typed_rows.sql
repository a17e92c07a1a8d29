{#- Every raw row once: its values as they came (raw_<column>) beside their typed form (<column>). -#}
{% macro typed_rows(input) -%}
    {%- set families = raw_families(input) -%}
    {%- set columns = input_columns(input) -%}
    select
    {%- for column in columns %}
        source.{{ column.name }} as raw_{{ column.name }},
    {%- endfor %}
    {%- for column in columns %}
        {{ typed_value(column.name, column.type, families[column.name]) }} as {{ column.name }}
        {{- ',' if not loop.last }}
    {%- endfor %}
    from {{ ref('raw_' ~ input) }} as source
{%- endmacro %}
