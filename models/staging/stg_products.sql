-- depends_on: {{ ref('resolved_configuration') }}
with

final as (
    {{ accepted_rows('products') | indent(4) }}
)

select * from final
