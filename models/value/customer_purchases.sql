-- One row per data set and customer with a purchase: what the models of customer value are fitted on and applied to.
-- The data set `current` has the customers whose value this run works out, which in a run that learns is everybody, and
-- ends at the as-of date; `calibration` ends earlier, has the sampled customers, and knows what followed.
with today as (

    select as_of_date
    from {{ ref("as_of_dates") }}
    where is_current

),

datasets as (

    select
        'current' as dataset,
        today.as_of_date as observed_until,
        purchases.*
    from {{ ref("int_current_purchases") }} as purchases
    cross join today
    where {{ changed_only("purchases.customer_id") }}

    union all

    select
        'calibration' as dataset,
        cast({{ dbt.dateadd("day", 0 - var("value")["holdout_days"], "today.as_of_date") }} as date) as observed_until,
        purchases.*
    from {{ ref("int_calibration_purchases") }} as purchases
    cross join today

),

final as (

    select
        dataset,
        customer_id,
        cast(orders - 1 as bigint) as repeat_orders,
        {{ days_between("first_ordered_on", "last_ordered_on") }} as days_to_last_order,
        {{ days_between("first_ordered_on", "observed_until") }} as age_days,
        {{ ratio("net_amount - first_amount", "orders - 1") }} as mean_order_value,
        cast(later_orders as bigint) as later_orders,
        later_amount
    from datasets

)

select * from final
