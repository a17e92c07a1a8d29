{#- The correlation of two columns, from exact sums: the order in which rows arrive cannot change it. -#}
{% macro pearson(x, y) -%}
    (
        count(*) * {{ exact_sum(x ~ " * " ~ y) }} - {{ exact_sum(x) }} * {{ exact_sum(y) }}
    ) / nullif(
        sqrt(greatest(count(*) * {{ exact_sum(x ~ " * " ~ x) }} - {{ exact_sum(x) }} * {{ exact_sum(x) }}, 0))
        * sqrt(greatest(count(*) * {{ exact_sum(y ~ " * " ~ y) }} - {{ exact_sum(y) }} * {{ exact_sum(y) }}, 0)), 0
    )
{%- endmacro %}
