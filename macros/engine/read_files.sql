{#- A from-clause over a file or glob. CSV is read as text throughout: staging casts, so that a bad value is a
    rejected row instead of a failed read, and `00123` stays `00123`. -#}
{% macro read_files(path) -%}
    {{ return(adapter.dispatch('read_files')(path)) }}
{%- endmacro %}

{% macro duckdb__read_files(path) -%}
    {%- set literal = string_literal(path) -%}
    {%- if path.lower().endswith('.parquet') -%}
        read_parquet({{ literal }}, union_by_name = true)
    {%- else -%}
        read_csv({{ literal }}, header = true, all_varchar = true, union_by_name = true, quote = '"', escape = '"')
    {%- endif -%}
{%- endmacro %}

{#- Spark has no function that reads files: register_files has made a table of them before the first model. -#}
{% macro sparksession__read_files(path) -%}
    {{ return(files_relation(path)) }}
{%- endmacro %}

{% macro default__read_files(path) -%}
    {{ exceptions.raise_compiler_error(
        "vars.inputs: path is for DuckDB and Spark; this engine reads tables. Register " ~ path
        ~ " as a table and set relation: <schema>.<table>."
    ) }}
{%- endmacro %}
