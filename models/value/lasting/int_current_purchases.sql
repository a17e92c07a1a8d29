-- One row per customer with a purchase: what the customer has ordered until today.
with orders as (

    select *
    from {{ ref("int_orders") }}
    where {{ changed_only("customer_id") }}

),

today as (

    select
        as_of_date as observed_until,
        as_of_date as followed_until
    from {{ ref("as_of_dates") }}
    where is_current

),

final as (

    {{ purchases_until("orders", "today") | indent(4) }}

)

select * from final
