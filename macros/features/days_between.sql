{#- Whole days from one date to another: a bigint, whatever the engine counts days in. -#}
{% macro days_between(first, last) -%}
    cast({{ dbt.datediff(first, last, "day") | trim }} as bigint)
{%- endmacro %}
