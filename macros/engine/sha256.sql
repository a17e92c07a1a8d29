{#- SHA-256 of a text in UTF-8, as 64 lower-case hexadecimal digits; null of null. -#}
{% macro sha256(text) -%}
    {{ return(adapter.dispatch("sha256", "customer_segmentation")(text)) }}
{%- endmacro %}


{% macro default__sha256(text) -%}
    sha256({{ text }})
{%- endmacro %}


{% macro spark__sha256(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}
