-- One row per as-of date, customer and item that applies to the customer and is new to the customer: what over-indexes
-- in the segment, or follows from what the customer bought; of several reasons the best. A customer's best offers are
-- among them, not every offer: of what over-indexes only as many are held against the customer as could be needed.
{%- set most = [var("offers")["per_customer"], 10] | max %}
with customers as (

    select * from {{ ref("int_offer_customers") }}

),

offers as (

    select
        *,
        -- Among those of the same reason.
        row_number() over (partition by as_of_date, segment_id, reason order by offer_number) as place
    from {{ ref("int_segment_offers") }}

),

customer_items as (

    select * from {{ ref("int_customer_items") }}

),

known_counts as (

    select
        customer_items.as_of_date,
        customer_items.customer_id,
        count(*) as known_offers
    from customer_items
    inner join offers
        on
            customer_items.as_of_date = offers.as_of_date
            and customer_items.segment_id = offers.segment_id
            and customer_items.item = offers.item
    where offers.reason = 'over_index'
    group by customer_items.as_of_date, customer_items.customer_id

),

applicable as (

    select
        customers.as_of_date,
        customers.is_current,
        customers.segment_id,
        customers.customer_id,
        offers.item,
        offers.offer_number
    from customers
    left join known_counts
        on customers.as_of_date = known_counts.as_of_date and customers.customer_id = known_counts.customer_id
    inner join offers
        on
            customers.as_of_date = offers.as_of_date
            and customers.segment_id = offers.segment_id
            and offers.place <= {{ most }} + coalesce(known_counts.known_offers, 0)
    where offers.reason = 'over_index'

    union all

    select
        first_items.as_of_date,
        first_items.is_current,
        first_items.segment_id,
        first_items.customer_id,
        offers.item,
        offers.offer_number
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

best as (

    select
        as_of_date,
        is_current,
        segment_id,
        customer_id,
        item,
        min(offer_number) as offer_number
    from applicable
    group by as_of_date, is_current, segment_id, customer_id, item

),

final as (

    select best.*
    from best
    left join customer_items as known
        on best.as_of_date = known.as_of_date and best.customer_id = known.customer_id and best.item = known.item
    where known.item is null

)

select * from final
