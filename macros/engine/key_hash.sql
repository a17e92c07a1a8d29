{#- A 64-bit number for a key, for grouping and joining many rows cheaply. Equal keys have equal hashes; different
    keys nearly always differ, so whoever groups by it compares the keys themselves afterwards. The value depends on
    the engine and must not leave the statement. -#}
{% macro key_hash(expressions) -%}
    {{ return(adapter.dispatch('key_hash')(expressions)) }}
{%- endmacro %}

{% macro duckdb__key_hash(expressions) -%}
    hash({{ expressions | join(', ') }})
{%- endmacro %}

{% macro default__key_hash(expressions) -%}
    xxhash64({{ expressions | join(', ') }})
{%- endmacro %}
