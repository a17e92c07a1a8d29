-- depends_on: {{ ref('resolved_configuration') }}
{%- do check_one_currency() %}
with

final as (
    {{ accepted_rows('orders') | indent(4) }}
)

select * from final
