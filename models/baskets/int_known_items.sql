-- One row per as-of date, customer for whom offers are worked out and item that the customer had by then.
with final as (

    select
        customers.as_of_date,
        customers.segment_id,
        customers.customer_id,
        items.item,
        items.is_bought
    from {{ ref("int_offer_customers") }} as customers
    inner join {{ ref("int_customer_items") }} as items on customers.customer_id = items.customer_id
    where customers.is_current

    union all

    select
        as_of_date,
        segment_id,
        customer_id,
        item,
        is_bought
    from {{ ref("int_backtest_items") }}

)

select * from final
