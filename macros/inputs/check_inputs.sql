{#- Called before anything is built: proves that vars.inputs can be read, and that every file and relation it names is
    there with the columns and types that are needed. Returns all that is wrong as one message, empty if nothing is.
    A seed or a model (`ref`) that this very run makes is not there yet: its raw view makes the same check when its turn
    comes. -#}
{% macro check_inputs() -%}
    {#- Asked for while dbt reads the project: a seed or model behind an input is not found later otherwise. -#}
    {%- for input in input_names() if has_input(input) and input_setting(input).get('ref') -%}
        {%- do input_source(input) -%}
    {%- endfor -%}
    {%- set problems = [] -%}
    {%- if is_building() -%}
        {%- do problems.extend(problems_of_settings()) -%}
        {%- for input in input_names() if has_input(input) and not is_made_by_this_run(input) -%}
            {%- set view = 'model.' ~ project_name ~ '.raw_' ~ input -%}
            {%- if view in selected_resources and not problems_of_setting(input, input_setting(input)) -%}
                {%- do problems.extend(problems_of_source(input, with_files=true)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(told_problems(problems)) }}
{%- endmacro %}


{#- Whether the seed or model behind an input is among what this run makes. -#}
{% macro is_made_by_this_run(input) -%}
    {%- set made = [] -%}
    {%- for resource in selected_resources if input_setting(input).get('ref') == resource.split('.')[2] -%}
        {%- do made.append(resource) -%}
    {%- endfor -%}
    {{ return(made | length > 0) }}
{%- endmacro %}
