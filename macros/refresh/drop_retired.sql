{#- Drops the tables and views of models that the project no longer has: some name customers, and nobody who is erased at
    the source would be erased there. A model that goes leaves its name here. -#}
{% macro drop_retired() -%}
    {%- set retired = {
        "baskets": ["int_applicable_offers", "int_known_items", "int_offer_lines"],
        "feeds": ["previous_feed_members"],
        "segments": ["cluster_explanations", "surrogate_sample"],
        "value": ["int_customer_costs"],
    } -%}
    {%- for schema, names in retired.items() if execute -%}
        {%- for name in names -%}
            {%- set relation = adapter.get_relation(target.database, schema, name) -%}
            {%- if relation -%}
                {%- do adapter.drop_relation(relation) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
