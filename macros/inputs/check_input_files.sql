{#- A sentence about the files of an input that cannot be read line by line. -#}
{% macro check_input_files(input) -%}
    {%- set path = input_setting(input).path -%}
    {%- set problem = problem_of_files(path, input_setting(input)) -%}
    {%- if problem -%}
        {{ return(["Input " ~ input ~ ": " ~ problem ~ ". Mend or replace the file, or set vars.inputs." ~ input
            ~ ".path to leave it out."]) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}
