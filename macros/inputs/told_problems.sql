{#- Several sentences about what is wrong as one message; empty if nothing is. -#}
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
