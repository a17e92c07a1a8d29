{#- Called before anything is built: proves that vars.inputs can be read, and that every file and relation it names is
    there with the columns and types that are needed. Returns all that is wrong as one message, empty if nothing is.
    A seed or a model (`ref`) may still be loaded by this very run, so its raw view makes the same check when its turn
    comes. -#}
{% macro check_inputs() -%}
    {%- set problems = [] -%}
    {%- set looked_at = {} -%}
    {%- if is_building() -%}
        {%- do problems.extend(problems_of_settings()) -%}
        {%- for input in input_names() if has_input(input) and not input_setting(input).get('ref') -%}
            {%- set view = 'model.' ~ project_name ~ '.raw_' ~ input -%}
            {%- if view in selected_resources and not problems_of_setting(input, input_setting(input)) -%}
                {%- set found = problems_of_source(input, with_files=true) -%}
                {%- do problems.extend(found.problems) -%}
                {%- do looked_at.update({input: found}) -%}
            {%- endif -%}
        {%- endfor -%}
        {#- The engine itself refuses an expression of wrong types, and would hide what else there is to say. -#}
        {%- for input, found in looked_at.items() if not problems -%}
            {%- do problems.extend(check_expression_types(input, found.columns)) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(told_problems(problems)) }}
{%- endmacro %}
