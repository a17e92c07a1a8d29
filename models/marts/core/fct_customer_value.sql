-- One row per customer and horizon: the probability to be alive, the orders to expect and what they are worth today.
-- depends_on: {{ ref("publication_gate") }}
{%- set horizons = var("value")["horizons_days"] %}
with customers as (

    select
        customer_id,
        as_of_date,
        purchase_status
    from {{ ref("current_features") }}
    where {{ changed_only("customer_id") }}

),

horizons as (

    {%- for days in horizons %}
    select cast({{ days }} as integer) as horizon_days
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

-- Without a model there is no horizon, only the reason, which then holds for each. Spread out first: an outer join on
-- anything but equal columns compares every customer with every other.
customer_values as (

    select
        known.customer_id,
        horizons.horizon_days,
        known.probability_alive,
        known.expected_orders,
        known.expected_order_value,
        known.lifetime_value,
        known.reason
    from {{ ref("customer_values") }} as known
    inner join horizons on coalesce(known.horizon_days, horizons.horizon_days) = horizons.horizon_days
    where known.dataset = 'current' and {{ changed_only("known.customer_id") }}

),

final as (

    select
        customers.customer_id,
        horizons.horizon_days,
        customers.as_of_date,
        customer_values.probability_alive,
        customer_values.expected_orders,
        customer_values.expected_order_value,
        customer_values.lifetime_value,
        case
            when customers.purchase_status <> 'purchased' then customers.purchase_status
            -- A purchase of which nothing is known but that it was made.
            when customer_values.customer_id is null then 'no model of value'
            else customer_values.reason
        end as reason
    from customers
    cross join horizons
    left join customer_values
        on
            customers.customer_id = customer_values.customer_id
            and horizons.horizon_days = customer_values.horizon_days

)

select * from final
