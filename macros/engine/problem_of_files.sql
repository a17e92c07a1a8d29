{#- What is wrong with the files of an input, by name and line; empty if every line of each can be read. setting: what
    vars.inputs says of it. Spark's reader says so itself (see register_files), and Parquet files know their own length. -#}
{% macro problem_of_files(path, setting) -%}
    {{ return(adapter.dispatch('problem_of_files')(path, setting)) }}
{%- endmacro %}

{% macro duckdb__problem_of_files(path, setting) -%}
    {%- if path.lower().endswith('.parquet') -%}{{ return('') }}{%- endif -%}
    {{ return(missing_file_functions() or run_query(
        'select problem_of_csv_files(list(filename order by filename), ' ~ string_literal(tojson(dialect_of(setting)))
        ~ ') from ' ~ found_files(path)
    ).rows[0][0]) }}
{%- endmacro %}

{#- What Spark's reader has no option for. -#}
{% macro spark__problem_of_files(path, setting) -%}
    {%- if setting.get('skip_lines') -%}
        {{ return("Spark cannot leave out the lines before a header (skip_lines); remove them from the files") }}
    {%- elif setting.get('encoding') == 'utf-16' -%}
        {{ return("Spark takes UTF-16 apart at bytes that are no line ends (encoding); write the files as UTF-8") }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{% macro default__problem_of_files(path, setting) -%}
    {{ return('') }}
{%- endmacro %}
