{#- The columns that a query would return, without running it: a list of {name, type}. -#}
{% macro describe_query(query) -%}
    {{ return(adapter.dispatch('describe_query')(query)) }}
{%- endmacro %}

{% macro duckdb__describe_query(query) -%}
    {%- set columns = [] -%}
    {%- for row in run_query('describe ' ~ query).rows -%}
        {%- do columns.append({'name': row[0] | string, 'type': row[1] | string}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro default__describe_query(query) -%}
    {%- set columns = [] -%}
    {%- for row in run_query('describe query ' ~ query).rows -%}
        {%- do columns.append({'name': row[0] | string, 'type': row[1] | string}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{#- What the engine says of a query that it cannot describe; empty if it can. -#}
{% macro error_of_description(query) -%}
    {{ return(adapter.dispatch('error_of_description')(query)) }}
{%- endmacro %}

{% macro duckdb__error_of_description(query) -%}
    {#- Without the project's own functions the engine's own message has to do. -#}
    {{ return('' if missing_file_functions() else
        run_query('select error_of_query(' ~ string_literal('describe ' ~ query) ~ ')').rows[0][0]) }}
{%- endmacro %}

{% macro sparksession__error_of_description(query) -%}
    {{ return(adapter.error_of_query('describe query ' ~ query) or '') }}
{%- endmacro %}

{% macro default__error_of_description(query) -%}
    {{ return('') }}
{%- endmacro %}
