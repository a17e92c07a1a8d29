{#-
  A sum of money or quantities: exact, zero over nothing, and kept in 64 bits. A plain sum of decimals is twice as wide,
  which costs every later step.
-#}
{% macro money_sum(x, window="") -%}
    cast(coalesce(sum({{ x }}){{ " over " ~ window if window }}, 0) as decimal(18, 4))
{%- endmacro %}
