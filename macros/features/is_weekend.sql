{#- True on Saturday and Sunday. Counted from a Monday, because engines number the days of a week differently. -#}
{% macro is_weekend(day) -%}
    {{ dbt.datediff("cast('1900-01-01' as date)", day, "day") }} % 7 >= 5
{%- endmacro %}
