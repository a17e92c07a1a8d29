{#-
  Those of the features that are numbers, by the types of the columns of customer_features. Before that table exists
  (a first compilation) all of them are taken for numbers.
-#}
{% macro numeric_features(features) -%}
    {{- return(features | reject("in", feature_columns()["category"]) | list) -}}
{%- endmacro %}
