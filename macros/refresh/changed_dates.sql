{#- A condition on the rows of a table by customer and as-of date: this run makes the row anew. Of changed customers these
    are the dates since the first change, and of everybody the current date, where that is another one than before.
    True for every row where the table is replaced. -#}
{% macro changed_dates(customer_id, as_of_date) -%}
    {%- set of_changed = is_changed_since(customer_id, as_of_date) -%}
    {%- set is_new_date = is_current_date(as_of_date) -%}
    {%- if is_full_run() -%}
        true
    {%- elif is_full_scope(scope_of_layer()) -%}
        ({{ of_changed }} or {{ is_new_date }})
    {%- else -%}
        {{ of_changed }}
    {%- endif -%}
{%- endmacro %}


{#- The same condition for a table by as-of date that sums over customers. -#}
{% macro changed_days(as_of_date) -%}
    {%- set since = ref('changed_since') -%}
    {%- set is_new_date = is_current_date(as_of_date) -%}
    {%- if is_full_run() -%}
        true
    {%- else -%}
        (coalesce({{ as_of_date }} >= (select min(since.first_date) from {{ since }} as since), false)
        {{- ' or ' ~ is_new_date if is_full_scope(scope_of_layer()) }})
    {%- endif -%}
{%- endmacro %}


{% macro is_changed_since(customer_id, as_of_date) -%}
    ({{ key_hash([customer_id]) }}, {{ as_of_date }}) in (
        select
            since.key_hash,
            dates.as_of_date
        from {{ ref('changed_since') }} as since
        inner join {{ ref('as_of_dates') }} as dates on since.first_date <= dates.as_of_date
    )
{%- endmacro %}


{% macro is_current_date(as_of_date) -%}
    {{ as_of_date }} = (select max(dates.as_of_date) from {{ ref('as_of_dates') }} as dates)
{%- endmacro %}


{#- Whether rows of the model's table stand for themselves by date: config.meta.refresh_date names the column. -#}
{% macro is_dated() -%}
    {{ return(model.config.meta.get('refresh_date') is not none) }}
{%- endmacro %}
