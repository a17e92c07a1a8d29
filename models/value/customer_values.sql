-- One row per data set, customer with a purchase and horizon: whether the customer is still one, and what may follow.
-- depends_on: {{ ref("application_scope") }} {{ ref("changed_customers") }}
with purchases as (

    select * from {{ ref("customer_purchases") }}

),

factors as (

    select * from {{ ref("value_factors") }}

),

parameters as (

    select
        dataset,
        {%- for name in ["r", "alpha", "a", "b", "rate", "stop", "mean_value", "prior_orders"] %}
        max(case when parameter = '{{ name }}' then value_double end) as {{ name }},
        {%- endfor %}
        max(case when model = 'bg_nbd' and parameter = 'reason' then value_string end) as orders_reason,
        max(case when model = 'gamma_gamma' and parameter = 'reason' then value_string end) as value_reason
    from {{ ref("value_parameters") }}
    group by dataset

),

alive as (

    select
        purchases.*,
        parameters.orders_reason,
        parameters.value_reason,
        -- By the model nobody can have stopped before a second order.
        case
            when purchases.repeat_orders > 0
                then {{ probability_alive("purchases", "parameters") }}
            when coalesce(parameters.r, parameters.rate) is not null then cast(1 as double)
        end as probability_alive,
        {{ expected_order_value("purchases", "parameters") }} as expected_order_value
    from purchases
    inner join parameters on purchases.dataset = parameters.dataset

),

final as (

    select
        alive.dataset,
        alive.customer_id,
        factors.horizon_days,
        alive.repeat_orders,
        alive.age_days,
        alive.mean_order_value,
        case when alive.orders_reason is null then round(alive.probability_alive, 6) end as probability_alive,
        round(alive.probability_alive * factors.orders_if_alive, 6) as expected_orders,
        round(alive.expected_order_value, 4) as expected_order_value,
        round(
            alive.probability_alive * factors.discounted_orders_if_alive * alive.expected_order_value, 4
        ) as lifetime_value,
        coalesce(alive.orders_reason, alive.value_reason) as reason,
        alive.later_orders,
        alive.later_amount
    from alive
    left join factors
        on
            alive.dataset = factors.dataset
            and alive.repeat_orders = factors.repeat_orders
            and alive.age_days = factors.age_days

)

select * from final
