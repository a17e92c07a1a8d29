-- depends_on: {{ ref('resolved_configuration') }}
{%- set problem = check_one_currency() or sums_too_large('orders', ['order_amount']) %}
{%- if problem %}{{ exceptions.raise_compiler_error(problem) }}{% endif %}
with

final as (
    {{ accepted_rows('orders') | indent(4) }}
)

select * from final
