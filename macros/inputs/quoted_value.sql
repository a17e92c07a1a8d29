{#- A value in quotes for a reason, cut to a length that a person reads; `nothing` where there is none. -#}
{% macro quoted_value(expression) -%}
    {{ return("coalesce(concat('''', substring(cast(" ~ expression ~ " as string), 1, 100), ''''), 'nothing')") }}
{%- endmacro %}
