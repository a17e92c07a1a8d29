-- One row per data set, number of repeat orders and age that any customer has whose value this run works out: expected
-- orders depend on these alone.
with purchases as (

    select * from {{ ref("customer_purchases") }}

),

final as (

    select distinct
        dataset,
        repeat_orders,
        age_days
    from purchases

)

select * from final
