-- One row per as-of date, customer and offer that applies to the customer: what over-indexes in the segment, and what
-- follows from items that the customer bought, but for items that the customer ever had.
with customers as (

    select * from {{ ref("int_offer_customers") }}

),

offers as (

    select * from {{ ref("int_segment_offers") }}

),

customer_items as (

    select * from {{ ref("int_customer_items") }}

),

over_indexed as (

    select
        customers.as_of_date,
        customers.is_current,
        customers.segment_id,
        customers.customer_id,
        offers.item,
        offers.reason,
        offers.antecedent_item_1,
        offers.antecedent_item_2,
        offers.score,
        offers.strength
    from customers
    inner join offers
        on customers.as_of_date = offers.as_of_date and customers.segment_id = offers.segment_id
    where offers.reason = 'over_index'

),

followed as (

    select
        first_items.as_of_date,
        first_items.is_current,
        first_items.segment_id,
        first_items.customer_id,
        offers.item,
        offers.reason,
        offers.antecedent_item_1,
        offers.antecedent_item_2,
        offers.score,
        offers.strength
    from customer_items as first_items
    inner join offers
        on
            first_items.as_of_date = offers.as_of_date
            and first_items.segment_id = offers.segment_id
            and first_items.item = offers.antecedent_item_1
    left join customer_items as second_items
        on
            first_items.as_of_date = second_items.as_of_date
            and first_items.customer_id = second_items.customer_id
            and offers.antecedent_item_2 = second_items.item
            and second_items.is_bought
    where
        offers.reason = 'rule'
        and first_items.is_bought
        and (offers.antecedent_item_2 = '' or second_items.item is not null)

),

applicable as (

    select * from over_indexed

    union all

    select * from followed

),

final as (

    select applicable.*
    from applicable
    left join customer_items
        on
            applicable.as_of_date = customer_items.as_of_date
            and applicable.customer_id = customer_items.customer_id
            and applicable.item = customer_items.item
    where customer_items.item is null

)

select * from final
