{#- Text with a date, a time of day and an offset (`2024-05-01 9:05:00.0+02:00`) to a UTC timestamp without zone; null where
    the calendar has no such day. -#}
{% macro offset_to_utc(text) -%}
    {{ return(adapter.dispatch("offset_to_utc", "customer_segmentation")(text)) }}
{%- endmacro %}

{#- DuckDB's cast to TIMESTAMP drops an offset silently. -#}
{% macro duckdb__offset_to_utc(text) -%}
    cast(try_cast({{ text }} as timestamptz) as timestamp)
{%- endmacro %}

{% macro default__offset_to_utc(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}
