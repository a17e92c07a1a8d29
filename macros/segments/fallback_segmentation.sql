{#-
  The segmentation that is published where clusters are not advised, by the variable advice.fallback: a name, the first
  of method rfm (else of rules) for `auto`, none for `none`.
-#}
{% macro fallback_segmentation() -%}
    {%- set fallback = var("advice")["fallback"] -%}
    {%- if fallback == "auto" -%}
        {%- set fallback = (segmentations_of(["rfm"]) + segmentations_of(["rules"])) | first | default("none", true) -%}
    {%- endif -%}
    {{- return(none if fallback == "none" else fallback) -}}
{%- endmacro %}
