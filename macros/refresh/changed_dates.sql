{#- A condition on the rows of a table by customer and as-of date: this run makes the row anew. Of changed customers these
    are the dates since the first change, and of everybody the current date, where that is another one than before.
    True for every row where the table is replaced. -#}
{% macro changed_dates(customer_id, as_of_date) -%}
    {%- set since = ref('changed_since') -%}
    {%- set dates = ref('as_of_dates') -%}
    {%- set today = '(select max(dates.as_of_date) from ' ~ dates ~ ' as dates)' -%}
    {%- if is_full_run() -%}
        {{ return('true') }}
    {%- endif -%}
    {{ changed_days(as_of_date) }}
    and (
        ({{ key_hash([customer_id]) }}, {{ as_of_date }}) in (
            select
                since.key_hash,
                dates.as_of_date
            from {{ since }} as since
            inner join {{ dates }} as dates on since.first_date <= dates.as_of_date
        )
        {{- ' or ' ~ as_of_date ~ ' = ' ~ date_value(today) if is_full_scope(scope_of_layer()) }}
    )
{%- endmacro %}


{#- The same condition for a table by as-of date that sums over customers. The date is written as a value: the engine
    then passes over the rows of earlier dates without looking up their customers. -#}
{% macro changed_days(as_of_date) -%}
    {%- set first_change = '(select min(since.first_date) from ' ~ ref('changed_since') ~ ' as since)' -%}
    {%- set today = '(select max(dates.as_of_date) from ' ~ ref('as_of_dates') ~ ' as dates)' -%}
    {%- if is_full_run() -%}
        {{ return('true') }}
    {%- endif -%}
    {{ as_of_date }} >= {{ date_value('coalesce(' ~ first_change ~ ', ' ~ today ~ ')') }}
{%- endmacro %}


{#- The date that a scalar expression gives at the time when the statement is written. -#}
{% macro date_value(expression) -%}
    cast('{{ run_query('select ' ~ expression).rows[0][0] }}' as date)
{%- endmacro %}


{#- Whether rows of the model's table stand for themselves by date: config.meta.refresh_date names the column. -#}
{% macro is_dated() -%}
    {{ return(model.config.meta.get('refresh_date') is not none) }}
{%- endmacro %}
