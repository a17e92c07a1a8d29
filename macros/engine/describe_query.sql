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
