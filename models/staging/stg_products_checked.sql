-- depends_on: {{ ref('resolved_configuration') }}
with

typed as (
    {{ typed_rows('products') | indent(4) }}
),

repeated_keys as (
    {{ repeated_keys('products') | indent(4) }}
),

judged as (
    select
        typed.*,
        repeated_keys.key_hash is not null as is_repeated,
        {{ first_failed_check('products') | indent(8) }} as failed_check
    from typed
    left join repeated_keys
        on {{ key_hash(['typed.product_id']) }} = repeated_keys.key_hash
),

final as (
    select
        {{ checked_columns('products') | indent(8) }}
    from judged
)

select * from final
