{#-
  Eta squared: the share of the variance of a quantity that groups explain, from sums of each group.
  Each argument is a column of one row per group: number, sum, and sum of squares (of all members).
-#}
{% macro explained_share(n, total, squares) -%}
    (
        {{ exact_sum(total ~ " * " ~ total ~ " / nullif(" ~ n ~ ", 0)") }}
        - {{ exact_sum(total) }} * {{ exact_sum(total) }} / nullif(sum({{ n }}), 0)
    ) / nullif(
        {{ exact_sum(squares) }} - {{ exact_sum(total) }} * {{ exact_sum(total) }} / nullif(sum({{ n }}), 0), 0
    )
{%- endmacro %}
