-- depends_on: {{ ref('resolved_configuration') }}
with

typed as (
    {{ typed_rows('orders') | indent(4) }}
),

repeated_keys as (
    {{ repeated_keys('orders') | indent(4) }}
),

accepted_customers as (
    {{ accepted_rows('customers', ['customer_id']) | indent(4) }}
),

rejected_customers as (
    {{ rejected_keys('customers', 'customer_id') | indent(4) }}
),

looked_up as (
    select
        typed.*,
        repeated_keys.key_hash is not null as is_repeated,
        {#- Without a customers input the orders themselves say who is a customer. #}
        {%- if has_input('customers') %}
        accepted_customers.customer_id is null and rejected_customers.customer_id is null as is_unknown_customer,
        accepted_customers.customer_id is null as is_rejected_customer,
        rejected_customers.set_aside_rule
        {%- else %}
        false as is_unknown_customer,
        false as is_rejected_customer,
        rejected_customers.set_aside_rule
        {%- endif %}
    from typed
    left join repeated_keys
        on {{ key_hash(['typed.order_id']) }} = repeated_keys.key_hash
    left join accepted_customers
        on typed.customer_id = accepted_customers.customer_id
    left join rejected_customers
        on typed.customer_id = rejected_customers.customer_id
),

judged as (
    select
        *,
        {{ first_failed_check('orders') | indent(8) }} as failed_check
    from looked_up
),

final as (
    select
        {{ checked_columns('orders') | indent(8) }}
    from judged
)

select * from final
