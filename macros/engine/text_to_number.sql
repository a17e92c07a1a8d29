{#- Text to a decimal or double; null where it is none. Digits, a sign, a point and an exponent make a number on every
    engine; what one alone would read (1_000 here, 12d there) does not. -#}
{% macro text_to_number(text, type) -%}
    {{ return(adapter.dispatch('text_to_number')(text, type)) }}
{%- endmacro %}

{% macro duckdb__text_to_number(text, type) -%}
    case when not contains({{ text }}, '_') then try_cast({{ text }} as {{ type }}) end
{%- endmacro %}

{#- Java takes a D or F at the end for the name of a type. -#}
{% macro spark__text_to_number(text, type) -%}
    case when regexp_like({{ text }}, '^[-+.0-9eE]+$') then try_cast({{ text }} as {{ type }}) end
{%- endmacro %}

{% macro default__text_to_number(text, type) -%}
    try_cast({{ text }} as {{ type }})
{%- endmacro %}
