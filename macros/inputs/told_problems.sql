{#- Several sentences about what is wrong as one message; empty if nothing is. What ends a run with it is not a macro but the
    template that called one (`exceptions.raise_compiler_error`): dbt puts the names of all macros that an error came
    through below its sentence. -#}
{% macro told_problems(problems) -%}
    {%- if problems | length < 2 -%}
        {{ return(problems | join) }}
    {%- endif -%}
    {%- set lines = ["The inputs cannot be read as they are configured (" ~ problems | length ~ " problems):"] -%}
    {%- for problem in problems -%}
        {%- do lines.append("  " ~ loop.index ~ ". " ~ problem) -%}
    {%- endfor -%}
    {{ return(lines | join("\n")) }}
{%- endmacro %}
