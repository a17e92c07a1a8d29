{#- The digits of a text. What is not a digit is found by taking the digits away; regexp_replace replaces the first
    match on one engine and every match on another. -#}
{% macro digits_of(text) -%}
    translate({{ text }}, translate({{ text }}, '0123456789', ''), '')
{%- endmacro %}
