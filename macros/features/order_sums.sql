{#-
  What orders add up to: the additive facts behind the features, for any group of rows of int_orders.
  `counts` is a condition on the rows that count (those that do not are left out of every figure).
-#}
{% macro order_sums(prefix="", counts="true") -%}
    {%- set is_purchase = "{}order_kind = 'purchase' and {}".format(prefix, counts) -%}
    count(case when {{ is_purchase }} then 1 end) as purchases,
    count(case when {{ prefix }}order_kind = 'return' and {{ counts }} then 1 end) as return_orders,
    count(case when {{ is_purchase }} and {{ is_weekend(prefix ~ "ordered_on") }} then 1 end) as weekend_purchases,
    min(case when {{ is_purchase }} then {{ prefix }}ordered_on end) as first_purchase_on,
    max(case when {{ is_purchase }} then {{ prefix }}ordered_on end) as last_purchase_on,
    {%- for amount in period_amounts() %}
    {{ money_sum("case when {} then {}{} end".format(counts, prefix, amount)) }} as {{ amount }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
