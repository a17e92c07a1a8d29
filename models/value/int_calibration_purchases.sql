-- One row per sampled customer with a purchase by a day some time ago: what the customer had ordered until then, and
-- what followed. The models of customer value are judged by it.
-- depends_on: {{ ref("learning_scope") }}
with sample as (

    select customer_id
    from {{ ref("training_sample") }}

),

orders as (

    select orders.*
    from {{ ref("int_orders") }} as orders
    inner join sample on orders.customer_id = sample.customer_id

),

calibration as (

    select
        cast({{ dbt.dateadd("day", 0 - var("value")["holdout_days"], "as_of_date") }} as date) as observed_until,
        as_of_date as followed_until
    from {{ ref("as_of_dates") }}
    where is_current

),

final as (

    {{ purchases_until("orders", "calibration") | indent(4) }}

)

select * from final
