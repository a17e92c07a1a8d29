{#- A from-clause over a file or glob. CSV is read as text throughout: staging casts, so that a bad value is a
    rejected row instead of a failed read, and `00123` stays `00123`. Folders are no columns, whatever their names:
    `channel=web` would replace the column that the file has. -#}
{% macro read_files(path) -%}
    {{ return(adapter.dispatch('read_files')(path)) }}
{%- endmacro %}

{% macro duckdb__read_files(path) -%}
    {%- set literal = string_literal(path) -%}
    {%- if path.lower().endswith('.parquet') -%}
        read_parquet({{ literal }}, union_by_name = true, hive_partitioning = false)
    {%- elif execute and file_listing(path) -%}
        {%- do check_file_functions() -%}
        {%- set options = run_query(
            'select options_of_csv_files(list(filename order by filename)) from ' ~ found_files(path)
        ).rows[0][0] -%}
        read_csv({{ literal }}, {{ options }})
    {%- else -%}
        read_csv({{ literal }}, header = true, all_varchar = true)
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


{#- Stops where the profile lacks the functions that look into files. -#}
{% macro check_file_functions() -%}
    {%- set counted = run_query(
        "select count(*) from duckdb_functions() where function_name = 'options_of_csv_files'"
    ).rows[0][0] -%}
    {%- if counted | int == 0 -%}
        {%- do stop("CSV files are proved before they are read, by functions that the profile must load. Add to the "
            ~ "output " ~ target.name ~ " of the profile " ~ target.profile_name
            ~ ": plugins: [{module: segmentation.file_functions}]") -%}
    {%- endif -%}
{%- endmacro %}
