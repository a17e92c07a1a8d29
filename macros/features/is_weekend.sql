{#- True on Saturday and Sunday. Counted from a Monday, because engines number the days of a week differently. -#}
{% macro is_weekend(day) -%}
    {{ days_between("cast('1900-01-01' as date)", day) }} % 7 >= 5
{%- endmacro %}
