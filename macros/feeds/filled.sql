{#- A text, or null where nothing is left of it. -#}
{% macro filled(text) -%}
    nullif({{ text }}, '')
{%- endmacro %}
