{#- Text to a UTC timestamp without zone; null where it is none. An offset in the text is honoured. -#}
{% macro text_to_timestamp(text) -%}
    {{ return(adapter.dispatch('text_to_timestamp')(text)) }}
{%- endmacro %}

{#- DuckDB's cast to TIMESTAMP drops an offset silently, and its cast to TIMESTAMPTZ is eight times slower: only text
    with an offset after a time of day takes the slow road. -#}
{% macro duckdb__text_to_timestamp(text) -%}
    case
        when {{ text }} like '%:%+%' or {{ text }} like '%:%-%' or {{ text }} like '%:%Z'
            then cast(try_cast({{ text }} as timestamptz) as timestamp)
        else try_cast({{ text }} as timestamp)
    end
{%- endmacro %}

{#- Spark also takes a year, a month or a time of day alone for a point in time. -#}
{% macro spark__text_to_timestamp(text) -%}
    case
        when regexp_like({{ text }}, '^[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}')
            then try_cast({{ text }} as timestamp)
    end
{%- endmacro %}

{% macro default__text_to_timestamp(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}
