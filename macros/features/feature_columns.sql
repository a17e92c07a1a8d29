{#-
  The feature columns of customer_features by what they hold: {number: [...], category: [...]}. Booleans count as
  categories, dates as neither. Empty while the project is parsed, and before the table exists.
-#}
{% macro feature_columns() -%}
    {%- set found = {"number": [], "category": []} -%}
    {%- if execute -%}
        {%- set keys = ["customer_id", "as_of_date", "is_current", "has_purchased", "purchase_status"] -%}
        {%- for column in adapter.get_columns_in_relation(ref("customer_features")) if column.name | lower not in keys -%}
            {%- set family = type_family(column.dtype) -%}
            {%- if family in ["integer", "number", "float"] -%}
                {%- do found["number"].append(column.name | lower) -%}
            {%- elif family in ["text", "boolean"] -%}
                {%- do found["category"].append(column.name | lower) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(found) -}}
{%- endmacro %}
