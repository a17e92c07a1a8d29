{#- What a stg_<input>_checked table keeps of a judged row: its typed columns, and why it is rejected. The raw row is
    written out only where somebody will look at it. -#}
{% macro checked_columns(input) -%}
    {%- set columns = input_columns(input) -%}
    {%- set checks = input_checks(input) -%}
    {%- set raw = [] -%}
    {%- for column in columns -%}
        {%- do raw.append({'name': column.name, 'expression': 'raw_' ~ column.name}) -%}
        {{ column.name }},
    {% endfor -%}
    is_repeated,
    case failed_check
    {%- for check in checks %}
        when {{ loop.index }} then {{ string_literal(check.rule) }}
    {%- endfor %}
    end as reject_rule,
    case failed_check
    {%- for check in checks %}
        when {{ loop.index }} then {{ check.reason }}
    {%- endfor %}
    end as reject_reason,
    case when failed_check is not null or is_repeated then {{ row_as_text(raw) }} end as raw_row
{%- endmacro %}
