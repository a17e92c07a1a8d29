{#-
  The segmentation that is published where clusters are not advised, by the variable advice.fallback: a name, the first
  of method rfm (else of rules) for `auto`, none for `none`.
-#}
{% macro fallback_segmentation() -%}
    {%- set fallback = var("advice")["fallback"] -%}
    {%- if fallback == "auto" -%}
        {%- set fallbacks = segmentations_by_preference() | select("in", segmentations_with("is_fallback")) -%}
        {%- set fallback = fallbacks | first | default("none", true) -%}
    {%- endif -%}
    {{- return(none if fallback == "none" else fallback) -}}
{%- endmacro %}
