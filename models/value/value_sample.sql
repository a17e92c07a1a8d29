-- One row per data set and distinct history of purchases among the sampled customers: all that Python sees.
-- depends_on: {{ ref("learning_scope") }}
with purchases as (

    select * from {{ ref("customer_purchases") }}

),

sample as (

    select customer_id
    from {{ ref("training_sample") }}

),

final as (

    select
        purchases.dataset,
        purchases.repeat_orders,
        purchases.days_to_last_order,
        purchases.age_days,
        purchases.mean_order_value,
        count(*) as customers
    from purchases
    inner join sample on purchases.customer_id = sample.customer_id
    group by
        purchases.dataset,
        purchases.repeat_orders,
        purchases.days_to_last_order,
        purchases.age_days,
        purchases.mean_order_value

)

select * from final
