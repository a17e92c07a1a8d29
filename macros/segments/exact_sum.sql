{#-
  A sum of doubles that does not depend on the order in which rows arrive: each is first rounded to a decimal, and
  decimals add up exactly. A value beyond the decimal's range counts as missing.
-#}
{% macro exact_sum(x, digits=6, window="") -%}
    cast({{ exact_total(x, digits, window) }} as double)
{%- endmacro %}


{#- The same as a decimal, for sums that are added up further. -#}
{% macro exact_total(x, digits=6, window="") -%}
    sum(try_cast(round({{ x }}, {{ digits }}) as decimal(38, {{ digits }}))){{ " over (" ~ window ~ ")" if window }}
{%- endmacro %}
