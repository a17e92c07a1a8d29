{#- The files that a path or glob matches: a list of {path, size} with sizes in bytes, in order of path.
    none: this engine cannot tell. -#}
{% macro file_listing(path) -%}
    {{ return(adapter.dispatch('file_listing')(path)) }}
{%- endmacro %}

{% macro duckdb__file_listing(path) -%}
    {%- set query -%}
        select filename, size
        from {{ found_files(path) }}
        order by filename
    {%- endset -%}
    {%- set files = [] -%}
    {%- for row in run_query(query).rows -%}
        {%- do files.append({'path': row[0], 'size': row[1] | int}) -%}
    {%- endfor -%}
    {{ return(files) }}
{%- endmacro %}

{% macro sparksession__file_listing(path) -%}
    {{ return(adapter.matching_files(path)) }}
{%- endmacro %}

{% macro default__file_listing(path) -%}
    {{ return(none) }}
{%- endmacro %}


{#- DuckDB's from-clause of the files themselves. Only name and size are asked of it, so no content is read. -#}
{% macro found_files(path) -%}
    read_blob({{ string_literal(path) }})
{%- endmacro %}
