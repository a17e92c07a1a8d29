{#- Proves that one input can be read: its files or relation, its columns, their types. Returns all that is wrong as one
    message, empty if nothing is; each sentence names the input, the column, what was expected, what there is, and the
    var to set. -#}
{% macro check_input(input) -%}
    {%- set problems = [] -%}
    {%- if is_building() and has_input(input) -%}
        {%- do problems.extend(problems_of_source(input)) -%}
    {%- endif -%}
    {{ return(told_problems(problems)) }}
{%- endmacro %}


{#- Sentences about what is wrong with an input. with_files: whether every line of its files is read. -#}
{% macro problems_of_source(input, with_files=false) -%}
    {%- set problems = check_input_place(input) -%}
    {%- if not problems and with_files and input_setting(input).get('path') -%}
        {%- do problems.extend(check_input_files(input)) -%}
    {%- endif -%}
    {%- if problems -%}
        {{ return(problems) }}
    {%- endif -%}
    {%- if with_files and input_setting(input).get('path') -%}
        {%- do register_files(input_setting(input).path, input_setting(input)) -%}
    {%- endif -%}
    {%- set columns = input_source_columns(input) -%}
    {%- do problems.extend(check_input_columns(input, columns)) -%}
    {%- do problems.extend(check_column_types(input, columns)) -%}
    {%- do problems.extend(check_expression_types(input, columns)) -%}
    {{ return(problems) }}
{%- endmacro %}
