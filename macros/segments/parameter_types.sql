{#- The columns of a table of model parameters and their types: the long form that every model is kept in. -#}
{% macro parameter_types() -%}
    {{- return({
        "segmentation": dbt.type_string(),
        "model_version": dbt.type_string(),
        "generation": "integer",
        "kind": dbt.type_string(),
        "segment_id": "integer",
        "feature": dbt.type_string(),
        "level": dbt.type_string(),
        "value_double": "double",
        "value_string": dbt.type_string(),
    }) -}}
{%- endmacro %}


{% macro parameter_columns() -%}
    {{- return(parameter_types().keys() | list) -}}
{%- endmacro %}
