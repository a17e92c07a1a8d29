{#- What is wrong with the files of a path or glob, by name and line; empty if every line of each can be read. Spark's
    reader says so itself (see register_files), and Parquet files know their own length. -#}
{% macro problem_of_files(path) -%}
    {{ return(adapter.dispatch('problem_of_files')(path)) }}
{%- endmacro %}

{% macro duckdb__problem_of_files(path) -%}
    {%- if path.lower().endswith('.parquet') -%}{{ return('') }}{%- endif -%}
    {%- do check_file_functions() -%}
    {{ return(run_query(
        'select problem_of_csv_files(list(filename order by filename)) from ' ~ found_files(path)
    ).rows[0][0]) }}
{%- endmacro %}

{% macro default__problem_of_files(path) -%}
    {{ return('') }}
{%- endmacro %}
