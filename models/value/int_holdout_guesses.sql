-- One row per quantity and sampled customer of the calibration: what the models of customer value expected of the
-- holdout, what going on as before would have been, what happened, and the customer's rank by either guess.
with calibrated as (

    select
        *,
        cast(later_orders as double) as actual_orders,
        greatest(cast(later_amount as double), 0) as actual_value,
        -- Going on as before: as many orders a day as since the first one.
        {{ ratio("repeat_orders * " ~ var("value")["holdout_days"], "age_days") }} as usual_orders
    from {{ ref("customer_values") }}
    where dataset = 'calibration'

),

compared as (

    select
        customer_id,
        'orders' as quantity,
        actual_orders as actual,
        expected_orders as expected,
        coalesce(usual_orders, 0) as usual
    from calibrated
    where expected_orders is not null

    union all

    select
        customer_id,
        'value' as quantity,
        actual_value as actual,
        expected_orders * expected_order_value as expected,
        coalesce(usual_orders * greatest(mean_order_value, 0), 0) as usual
    from calibrated
    where lifetime_value is not null

),

final as (

    select
        *,
        {%- for guess in ["expected", "usual"] %}
        row_number() over (partition by quantity order by {{ guess }} desc, customer_id asc) as {{ guess }}_rank,
        {%- endfor %}
        count(*) over (partition by quantity) as customers
    from compared

)

select * from final
