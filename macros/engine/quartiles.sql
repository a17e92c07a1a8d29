{#- The three quartiles of a column, interpolated, as one value: the rows are kept once, not once for each. `quartile_of`
    takes one of them, from 1 to 3. -#}
{% macro quartiles(x) -%}
    {{ return(adapter.dispatch("quartiles", "customer_segmentation")(x)) }}
{%- endmacro %}


{% macro default__quartiles(x) -%}
    quantile_cont({{ x }}, [0.25, 0.5, 0.75])
{%- endmacro %}


{% macro spark__quartiles(x) -%}
    percentile({{ x }}, array(0.25, 0.5, 0.75))
{%- endmacro %}


{% macro quartile_of(quartiles, number) -%}
    {{ return(adapter.dispatch("quartile_of", "customer_segmentation")(quartiles, number)) }}
{%- endmacro %}


{% macro default__quartile_of(quartiles, number) -%}
    {{ quartiles }}[{{ number }}]
{%- endmacro %}


{% macro spark__quartile_of(quartiles, number) -%}
    {{ quartiles }}[{{ number - 1 }}]
{%- endmacro %}
