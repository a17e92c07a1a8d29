{#-
  Those of the features that are numbers, by the types of the columns of customer_features. Before that table exists
  (a first compilation) all of them are taken for numbers.
-#}
{% macro numeric_features(features) -%}
    {%- if not execute -%}
        {{- return(features) -}}
    {%- endif -%}
    {%- set categories = [] -%}
    {%- for column in adapter.get_columns_in_relation(ref("customer_features")) if not column.is_number() -%}
        {%- do categories.append(column.name | lower) -%}
    {%- endfor -%}
    {{- return(features | reject("in", categories) | list) -}}
{%- endmacro %}
