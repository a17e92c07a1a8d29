-- depends_on: {{ ref('resolved_configuration') }}
with

typed as (
    {{ typed_rows('customers') | indent(4) }}
),

repeated_keys as (
    {{ repeated_keys('customers') | indent(4) }}
),

judged as (
    select
        typed.*,
        repeated_keys.key_hash is not null as is_repeated,
        {{ first_failed_check('customers') | indent(8) }} as failed_check
    from typed
    left join repeated_keys
        on {{ key_hash(['typed.customer_id']) }} = repeated_keys.key_hash
),

final as (
    select
        {{ checked_columns('customers') | indent(8) }}
    from judged
)

select * from final
