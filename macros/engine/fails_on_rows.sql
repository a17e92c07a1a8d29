{#- Whether a SQL expression fails on some row of a from-clause; none: this engine cannot tell. -#}
{% macro fails_on_rows(expression, source) -%}
    {{ return(adapter.dispatch('fails_on_rows')(expression, source)) }}
{%- endmacro %}

{#- Where the expression fails, so does the question whether it is null, and `try` makes a null of that. -#}
{% macro duckdb__fails_on_rows(expression, source) -%}
    {%- if modules.re.search('[)]\\s*over\\s*[(\\w]|[(]\\s*select\\s', expression, modules.re.IGNORECASE) -%}
        {#- `try` takes no window functions and no subqueries. -#}
        {{ return(none) }}
    {%- endif -%}
    {%- set query -%}
        select count(*) > 0
        from {{ source }}
        where try((
            {{ expression }}
        ) is null) is null
    {%- endset -%}
    {{ return(run_query(query).rows[0][0]) }}
{%- endmacro %}

{% macro sparksession__fails_on_rows(expression, source) -%}
    {{ return(adapter.error_of_query('select count((' ~ expression ~ '\n)) from ' ~ source) is not none) }}
{%- endmacro %}

{% macro default__fails_on_rows(expression, source) -%}
    {{ return(none) }}
{%- endmacro %}
