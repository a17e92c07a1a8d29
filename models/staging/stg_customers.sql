-- depends_on: {{ ref('resolved_configuration') }}
{#- Where customers are derived, the distinct over all orders is computed once. #}
{{- config(materialized='view' if has_input('customers') else 'table') }}
{%- set problem = check_somebody_is_left() %}
{%- if problem %}{{ exceptions.raise_compiler_error(problem) }}{% endif %}
with

{% if has_input('customers') -%}
final as (
    {{ accepted_rows('customers') | indent(4) }}
)
{%- else -%}
{#- Nobody has told who the customers are, so they are those who ordered. -#}
buyers as (
    select distinct customer_id
    from {{ ref('stg_orders') }}
),

final as (
    select
        customer_id
    {%- for column in input_columns('customers') if column.name != 'customer_id' %},
        cast(null as {{ sql_type(column.type) }}) as {{ column.name }}
    {%- endfor %}
    from buyers
)
{%- endif %}

select * from final
