{#- Stops where a file that has landed for an input lacks a column that is needed: the stream asks this of every new
    header, since among the files of a glob a missing column would only be empty. -#}
{% macro check_landed_file(input, path) -%}
    {%- set problems = check_input_columns(input, describe_query('select * from ' ~ read_files(path))) -%}
    {%- if problems -%}
        {%- do stop(told_problems(problems)) -%}
    {%- endif -%}
{%- endmacro %}
