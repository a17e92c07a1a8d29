-- One row per customer: what the customer brought, lately and before, at which margin, and what may follow within the
-- longest horizon.
{%- set horizon = var("value")["horizons_days"] | max %}
with customers as (

    select
        customer_id,
        as_of_date,
        monetary
    from {{ ref("current_features") }}
    where {{ changed_only("customer_id") }}

),

recent as (

    select *
    from {{ ref("int_trailing_revenue") }}
    where {{ changed_only("customer_id") }}

),

margins as (

    select
        customer_id,
        cast(sum(margin) as decimal(18, 4)) as margin
    from {{ ref("int_customer_categories") }}
    where {{ changed_only("customer_id") }}
    group by customer_id

),

customer_values as (

    select *
    from {{ ref("customer_values") }}
    where
        dataset = 'current'
        and coalesce(horizon_days, {{ horizon }}) = {{ horizon }}
        and {{ changed_only("customer_id") }}

),

final as (

    select
        customers.customer_id,
        customers.monetary,
        coalesce(recent.revenue_last_90_days, 0) as revenue_last_90_days,
        coalesce(recent.revenue_previous_90_days, 0) as revenue_previous_90_days,
        margins.margin,
        customer_values.probability_alive,
        customer_values.lifetime_value
    from customers
    left join recent
        on customers.customer_id = recent.customer_id and customers.as_of_date = recent.as_of_date
    left join margins on customers.customer_id = margins.customer_id
    left join customer_values on customers.customer_id = customer_values.customer_id

)

select * from final
