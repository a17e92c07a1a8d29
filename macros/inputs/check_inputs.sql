{#- Called before anything is built: proves that vars.inputs can be read, and that every file and relation it names is
    there with the columns and types that are needed. A seed or a model (`ref`) may still be loaded by this very run,
    so its raw view makes the same check when its turn comes. -#}
{% macro check_inputs() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'retry'] -%}
        {%- do check_input_settings() -%}
        {%- for input in input_names() if has_input(input) and not input_setting(input).get('ref') -%}
            {%- set view = 'model.' ~ project_name ~ '.raw_' ~ input -%}
            {%- if view in selected_resources -%}
                {%- if input_setting(input).get('path') -%}
                    {%- do check_input_place(input) -%}
                    {%- do check_input_files(input) -%}
                    {%- do register_files(input_setting(input).path) -%}
                {%- endif -%}
                {%- do check_input(input) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
