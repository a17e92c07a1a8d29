{#- The lower quartile, the median and the upper quartile of a column as a list, interpolated like percentile_cont. Each
    by itself would sort the column three times. `quartile` takes one of the three out of the list. -#}
{% macro quartiles(column) -%}
    {{ return(adapter.dispatch('quartiles')(column)) }}
{%- endmacro %}

{% macro duckdb__quartiles(column) -%}
    quantile_cont({{ column }}, [0.25, 0.5, 0.75])
{%- endmacro %}

{% macro default__quartiles(column) -%}
    percentile({{ column }}, array(0.25, 0.5, 0.75))
{%- endmacro %}


{#- number: 1, 2 or 3. -#}
{% macro quartile(list, number) -%}
    {{ return(adapter.dispatch('quartile')(list, number)) }}
{%- endmacro %}

{% macro duckdb__quartile(list, number) -%}
    {{ list }}[{{ number }}]
{%- endmacro %}

{% macro default__quartile(list, number) -%}
    element_at({{ list }}, {{ number }})
{%- endmacro %}
