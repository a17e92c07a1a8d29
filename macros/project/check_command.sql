{#- Called before anything is built: a sentence that refuses `--empty`, which would put tables without rows in the place of
    what a build goes on with: what was read, exported and learned. -#}
{% macro check_command() -%}
    {%- if is_building() and flags.EMPTY -%}
        {{ return("`--empty` builds no table of this project: a build goes on with rows of the one before it, and would "
            ~ "find none. Nothing has been built or published. To check the SQL alone use `dbt compile`; to build without the "
            ~ "own data, name another database (SEGMENTATION_DATABASE=trial.duckdb dbt build).") }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
