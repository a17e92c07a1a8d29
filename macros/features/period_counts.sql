{#- The columns of int_customer_periods that add up over time: counts, and money or quantities. -#}
{% macro period_counts() -%}
    {{- return(["orders_placed", "orders_without_lines", "purchases", "return_orders", "weekend_purchases"]) -}}
{%- endmacro %}


{% macro period_amounts() -%}
    {{- return(["items", "gross_amount", "discount_amount", "return_amount", "net_amount"]) -}}
{%- endmacro %}
