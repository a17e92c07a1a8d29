{#- The columns of an explanation and their types. -#}
{% macro explanation_types() -%}
    {%- set types = {
        "segmentation": "string", "customer_id": "string", "segment_id": "integer", "runner_up_segment_id": "integer",
    } -%}
    {%- for side in ["for", "against"] -%}
        {%- for place in range(1, 4) -%}
            {%- do types.update({side ~ "_feature_" ~ place: "string", side ~ "_part_" ~ place: "double"}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do types.update({"model_version": "string"}) -%}
    {{- return(types) -}}
{%- endmacro %}
