{#- A share of 0..1 in per cent, as people read it. -#}
{% macro percent_text(share, decimals=0) -%}
    concat(
        cast(
            cast(round(100 * {{ share }}, {{ decimals }}) as decimal({{ 5 + decimals }}, {{ decimals }}))
            as {{ dbt.type_string() }}
        ),
        ' %'
    )
{%- endmacro %}
