{#- True where a part of the text matches the regular expression. Write [0-9] and [.]: a backslash is eaten on
    Spark. -#}
{% macro regexp_like(text, pattern) -%}
    {{ return(adapter.dispatch('regexp_like')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__regexp_like(text, pattern) -%}
    regexp_matches({{ text }}, {{ string_literal(pattern) }})
{%- endmacro %}

{% macro default__regexp_like(text, pattern) -%}
    regexp_like({{ text }}, {{ string_literal(pattern) }})
{%- endmacro %}
