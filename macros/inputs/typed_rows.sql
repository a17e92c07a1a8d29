{#- Every raw row once: its values as they came (raw_<column>) beside their typed form (<column>). -#}
{% macro typed_rows(input) -%}
    {%- set families = raw_families(input) -%}
    {%- set columns = input_columns(input) -%}
    select
    {%- for column in columns %}
        source.{{ column.name }} as raw_{{ column.name }},
    {%- endfor %}
    {%- for column in columns %}
        {{ typed_value(column.name, column.type, families[column.name], input_setting(input)) }} as {{ column.name }}
        {{- ',' if not loop.last }}
    {%- endfor %}
    from {{ ref('raw_' ~ input) }} as source
    where {{ changed_rows(input) }}
{%- endmacro %}


{#- A condition on the raw rows of an input: those that this run judges. Products are few, and always judged. -#}
{% macro changed_rows(input) -%}
    {%- set key = key_columns(input)[0] -%}
    {%- if key in ['customer_id', 'order_id'] -%}
        {%- set condition = is_changed(typed_value(key, 'string', raw_families(input)[key]), key) -%}
        {{ 'true' if is_full_run() else condition }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
