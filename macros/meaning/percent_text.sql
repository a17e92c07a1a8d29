{#- A share of 0..1 in per cent, as people read it. -#}
{% macro percent_text(share) -%}
    concat(cast(cast(round(100 * {{ share }}, 0) as decimal(5, 0)) as {{ dbt.type_string() }}), ' %')
{%- endmacro %}
