{#- What a stg_<input>_checked table keeps of a judged row: its typed columns, and why it is rejected. The raw row is
    written out only where somebody will look at it. Of a customer who is deleted at the source nothing is kept but the
    key, by which the customer is known and forgotten, and the dates of the deletion. -#}
{% macro checked_columns(input) -%}
    {%- set columns = input_columns(input) -%}
    {%- set checks = input_checks(input) -%}
    {%- set rules = checks | map(attribute='rule') | list -%}
    {%- set deletion = rules.index('deleted') + 1 if input == 'customers' -%}
    {%- set kept = key_columns(input) + bookkeeping_columns() -%}
    {%- set families = raw_families(input) -%}
    {%- set raw = [] -%}
    {%- for column in columns -%}
        {#- What engines write differently in JSON goes in as text. -#}
        {%- set value = 'raw_' ~ column.name -%}
        {%- set family = families[column.name] -%}
        {%- do raw.append({
            'name': column.name,
            'expression': value_as_text(value, family) if family in ['float', 'single', 'timestamp'] else value
        }) -%}
        {%- if deletion and column.name not in kept -%}
        case when coalesce(failed_check, 0) <> {{ deletion }} then {{ column.name }} end as {{ column.name }},
        {%- else -%}
        {{ column.name }},
        {%- endif %}
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
    case
        {%- if deletion %}
        when failed_check = {{ deletion }} then null
        {%- endif %}
        when failed_check is not null or is_repeated then {{ row_as_text(raw) }}
    end as raw_row
{%- endmacro %}
