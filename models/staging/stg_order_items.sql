-- depends_on: {{ ref('resolved_configuration') }}
{%- set problem = sums_too_large('order_items', ['quantity', 'quantity * unit_price']) %}
{%- if problem %}{{ exceptions.raise_compiler_error(problem) }}{% endif %}
with

accepted as (
    {{ accepted_rows('order_items') | indent(4) }}
),

final as (
    select
        ---------- ids
        order_id,
        line_number,
        product_id,

        ---------- amounts
        quantity,
        unit_price,
        {{ line_amount('quantity', 'unit_price') }} as amount,
        cast({{ line_discount() }} as {{ sql_type('decimal') }}) as discount_amount,

        ---------- bookkeeping
        updated_at,
        loaded_at,
        deleted_at,
        arrival_number
    from accepted
)

select * from final
