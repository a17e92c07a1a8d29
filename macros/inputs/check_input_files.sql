{#- Stops the run where a file of an input cannot be read line by line: once, before anything is built. -#}
{% macro check_input_files(input) -%}
    {%- set path = input_setting(input).path -%}
    {%- set problem = problem_of_files(path) -%}
    {%- if problem -%}
        {%- do stop("Input " ~ input ~ ": " ~ problem ~ ". Mend or replace the file, or set vars.inputs." ~ input
            ~ ".path to leave it out.") -%}
    {%- endif -%}
{%- endmacro %}
