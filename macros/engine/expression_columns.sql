{#- What a SQL expression refers to: {columns: [[part, ...], ...], error: message or none}.
    none: this engine cannot tell, and its own message about an unknown column has to do. -#}
{% macro expression_columns(expression) -%}
    {{ return(adapter.dispatch('expression_columns')(expression)) }}
{%- endmacro %}

{% macro duckdb__expression_columns(expression) -%}
    {%- set statement = string_literal('select (' ~ expression ~ ') as mapped') -%}
    {%- set query -%}
        with tree as (select json_serialize_sql({{ statement }}) as node)
        select
            node ->> '$.error_message' as error_message,
            cast(to_json(node -> '$..column_names') as string) as column_names,
            contains(cast(node as string), '"class":"SUBQUERY"') as has_subquery
        from tree
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {%- if row[0] -%}
        {{ return({'columns': [], 'error': row[0] | string}) }}
    {%- endif -%}
    {#- Which of them are the subquery's own, only the engine can tell. -#}
    {{ return(none if row[2] else {'columns': fromjson(row[1] | string, []), 'error': none}) }}
{%- endmacro %}

{% macro sparksession__expression_columns(expression) -%}
    {{ return(adapter.columns_of_expression(expression)) }}
{%- endmacro %}

{% macro default__expression_columns(expression) -%}
    {{ return(none) }}
{%- endmacro %}
