{#- The features that describe segments: every feature column of customer_features, by its type: {number: [...], category: [...]}. -#}
{% macro profiled_features() -%}
    {%- set found = {"number": [], "category": []} -%}
    {%- if execute -%}
        {%- set keys = ["customer_id", "as_of_date", "is_current", "has_purchased", "purchase_status"] -%}
        {%- for column in adapter.get_columns_in_relation(ref("customer_features")) if column.name | lower not in keys -%}
            {%- if column.is_number() -%}
                {%- do found["number"].append(column.name | lower) -%}
            {%- elif column.dtype | lower not in ["date", "timestamp"] -%}
                {%- do found["category"].append(column.name | lower) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(found) -}}
{%- endmacro %}
