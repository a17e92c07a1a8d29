{#- The columns of a table of model parameters and their types: the long form that every model is kept in. -#}
{% macro parameter_types() -%}
    {{- return({
        "segmentation": "string",
        "model_version": "string",
        "generation": "integer",
        "kind": "string",
        "segment_id": "integer",
        "feature": "string",
        "level": "string",
        "value_double": "double",
        "value_string": "string",
    }) -}}
{%- endmacro %}


{% macro parameter_columns() -%}
    {{- return(parameter_types().keys() | list) -}}
{%- endmacro %}
