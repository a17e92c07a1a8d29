{#- Ends an operation of the stream with a message that refuses its data or variables. What refuses them in a build is raised
    by the template that asked (`exceptions.raise_compiler_error`): below such an error dbt names every macro that it came
    through, and the stream knows a refusal by the error being one of the compilation. -#}
{% macro stop(message) -%}
    {{ exceptions.raise_compiler_error(message) }}
{%- endmacro %}


{#- Ends a run with a message that refuses no data: an error of the run, below which dbt names no macros. -#}
{% macro end_run(message) -%}
    {{ exceptions.raise_fail_fast_error(message) }}
{%- endmacro %}
