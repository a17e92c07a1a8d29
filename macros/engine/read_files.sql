{#- A from-clause over a file or glob. setting: what vars.inputs says of the input, of which the dialect of its CSV files
    counts (`dialect_of`). CSV is read as text throughout: staging casts, so that a bad value is a
    rejected row instead of a failed read, and `00123` stays `00123`. Folders are no columns, whatever their names:
    `channel=web` would replace the column that the file has. -#}
{% macro read_files(path, setting={}) -%}
    {{ return(adapter.dispatch('read_files')(path, setting)) }}
{%- endmacro %}

{% macro duckdb__read_files(path, setting) -%}
    {%- set literal = string_literal(path) -%}
    {%- if path.lower().endswith('.parquet') -%}
        read_parquet({{ literal }}, union_by_name = true, hive_partitioning = false)
    {%- elif execute and file_listing(path) -%}
        {%- set missing = missing_file_functions() -%}
        {%- if missing -%}
            {%- do end_run(missing) -%}
        {%- endif -%}
        {%- set options = run_query(
            'select options_of_csv_files(list(filename order by filename), ' ~ string_literal(tojson(dialect_of(setting)))
            ~ ') from ' ~ found_files(path)
        ).rows[0][0] -%}
        read_csv({{ literal }}, {{ options }})
    {%- else -%}
        read_csv({{ literal }}, header = true, all_varchar = true)
    {%- endif -%}
{%- endmacro %}

{#- Spark has no function that reads files: register_files has made a table of them before the first model. -#}
{% macro sparksession__read_files(path, setting) -%}
    {{ return(files_relation(path)) }}
{%- endmacro %}

{% macro default__read_files(path, setting) -%}
    {{ exceptions.raise_compiler_error(
        "vars.inputs: path is for DuckDB and Spark; this engine reads tables. Register " ~ path
        ~ " as a table and set relation: <schema>.<table>."
    ) }}
{%- endmacro %}


{#- The settings of an input that say how its CSV files are written. -#}
{% macro dialect_of(setting) -%}
    {%- set dialect = {} -%}
    {%- for key in ['delimiter', 'quote', 'encoding', 'header', 'skip_lines'] if setting.get(key) is not none -%}
        {%- do dialect.update({key: setting[key]}) -%}
    {%- endfor -%}
    {{ return(dialect) }}
{%- endmacro %}


{#- A sentence where the profile lacks the functions that look into files; else empty. -#}
{% macro missing_file_functions() -%}
    {%- set counted = run_query(
        "select count(*) from duckdb_functions() where function_name = 'options_of_csv_files'"
    ).rows[0][0] -%}
    {%- if counted | int == 0 -%}
        {{ return("CSV files are proved before they are read, by functions that the profile must load. Add to the "
            ~ "output " ~ target.name ~ " of the profile " ~ target.profile_name
            ~ ": plugins: [{module: segmentation.file_functions}]") }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
