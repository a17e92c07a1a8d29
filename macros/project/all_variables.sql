{#- Every variable as it holds in this run: {name: value}. The names are those that dbt_project.yml gives a default, and,
    where this project is the one that runs, those of `--vars`: a misspelt one is to be refused and not ignored. -#}
{% macro all_variables() -%}
    {%- set projects = var.packages_for_node() | list -%}
    {%- set names = projects[0].vars.to_dict() | list -%}
    {%- if projects | length == 1 -%}
        {%- do names.extend(projects[0].cli_vars | reject("in", names) | list) -%}
    {%- endif -%}
    {%- set values = {} -%}
    {%- for name in names -%}
        {%- do values.update({name: var(name)}) -%}
    {%- endfor -%}
    {{ return(values) }}
{%- endmacro %}
