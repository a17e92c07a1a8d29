{#- A text in which every match of the regular expression is replaced; \1 in the replacement is the first group. -#}
{% macro regexp_replace_all(text, pattern, replacement) -%}
    {{ return(adapter.dispatch("regexp_replace_all", "customer_segmentation")(text, pattern, replacement)) }}
{%- endmacro %}

{% macro duckdb__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, {{ string_literal(pattern) }}, {{ string_literal(replacement) }}, 'g')
{%- endmacro %}

{% macro default__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, {{ string_literal(pattern) }}, {{ string_literal(replacement | replace("\\", "$")) }})
{%- endmacro %}
