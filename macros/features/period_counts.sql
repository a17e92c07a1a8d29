{#- The columns of int_customer_periods that add up over time. -#}
{% macro period_counts() -%}
    {{- return([
        "orders_placed",
        "orders_without_lines",
        "purchases",
        "return_orders",
        "weekend_purchases",
        "items",
        "gross_amount",
        "discount_amount",
        "return_amount",
        "net_amount",
    ]) -}}
{%- endmacro %}
