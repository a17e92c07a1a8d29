{#- Whole days from one date to another. -#}
{% macro days_between(first, last) -%}
    {{ dbt.datediff(first, last, "day") | trim }}
{%- endmacro %}
