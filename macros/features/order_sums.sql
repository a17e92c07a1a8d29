{#-
  What orders add up to: the additive facts behind the features, for any group of rows of int_orders.
  `counts` is a condition on the rows that count (those that do not are left out of every figure).
-#}
{% macro order_sums(prefix="", counts="true") -%}
    {%- set is_purchase = "{}order_kind = 'purchase' and {}".format(prefix, counts) -%}
    sum(case when {{ is_purchase }} then 1 else 0 end) as purchases,
    sum(case when {{ prefix }}order_kind = 'return' and {{ counts }} then 1 else 0 end) as return_orders,
    sum(case when {{ is_purchase }} and {{ is_weekend(prefix ~ "ordered_on") }} then 1 else 0 end) as weekend_purchases,
    min(case when {{ is_purchase }} then {{ prefix }}ordered_on end) as first_purchase_on,
    max(case when {{ is_purchase }} then {{ prefix }}ordered_on end) as last_purchase_on,
    {%- for amount in ["items", "gross_amount", "discount_amount", "return_amount", "net_amount"] %}
    sum(case when {{ counts }} then {{ prefix }}{{ amount }} else 0 end) as {{ amount }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
