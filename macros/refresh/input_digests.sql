{#- One row per subject and key: the sum of the hashes of the rows that the inputs have for it now. The lines of an order
    are part of the order. -#}
{% macro input_digests() -%}
    {%- for subject, inputs in {
        "customers": ["customers"], "orders": ["orders", "order_items"], "products": ["products"]
    }.items() -%}
    select
        '{{ subject }}' as subject,
        key_hash,
        sum(row_hash) as digest
    from (
        {%- for input in inputs %}
        {{ hashed_rows(input) | indent(8) }}
        {{ "union all" if not loop.last }}
        {%- endfor %}
    ) as hashed_{{ subject }}
    group by key_hash
    {{ "union all" if not loop.last }}
    {% endfor -%}
{%- endmacro %}
