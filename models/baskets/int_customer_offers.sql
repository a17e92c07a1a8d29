-- One row per customer and offer of the segment that the customer gets, ranked; as_of_date is that of the offer.
with customers as (

    select *
    from {{ ref("int_offer_customers") }}
    where {{ changed_only("customer_id") }}

),

customer_items as (

    select
        customers.as_of_date,
        customers.segment_id,
        customers.customer_id,
        items.item,
        items.is_bought
    from customers
    inner join {{ ref("int_customer_items") }} as items on customers.customer_id = items.customer_id

),

final as (

    {{ best_offers("customers", "customer_items", var("offers")["per_customer"]) | indent(4) }}

)

select * from final
