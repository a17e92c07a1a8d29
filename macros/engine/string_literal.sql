{#- A string as a SQL literal; on engines where a backslash escapes it is doubled like the quote. -#}
{% macro string_literal(value) -%}
    {{ return(adapter.dispatch("string_literal", "customer_segmentation")(value)) }}
{%- endmacro %}


{% macro default__string_literal(value) -%}
    {{- return("'" ~ (value | string | replace("'", "''")) ~ "'") -}}
{%- endmacro %}


{% macro spark__string_literal(value) -%}
    {{- return("'" ~ (value | string | replace("\\", "\\\\") | replace("'", "\\'")) ~ "'") -}}
{%- endmacro %}
