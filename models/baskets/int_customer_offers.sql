-- One row per as-of date, customer and item that is offered: of the segment's offers those that apply to the customer,
-- who never had the item, ranked by score. Ten are kept for the backtest, whatever offers.per_customer says.
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

new_to_customer as (

    select applicable.*
    from applicable
    left join customer_items
        on
            applicable.as_of_date = customer_items.as_of_date
            and applicable.customer_id = customer_items.customer_id
            and applicable.item = customer_items.item
    where customer_items.item is null

),

best_reason as (

    select
        *,
        row_number() over (
            partition by as_of_date, customer_id, item
            order by score desc, strength desc, reason asc, antecedent_item_1 asc, antecedent_item_2 asc
        ) as reason_rank
    from new_to_customer

),

ranked as (

    select
        *,
        cast(row_number() over (
            partition by as_of_date, customer_id order by score desc, strength desc, item asc
        ) as integer) as recommendation_rank
    from best_reason
    where reason_rank = 1

),

final as (

    select
        as_of_date,
        is_current,
        segment_id,
        customer_id,
        item,
        reason,
        antecedent_item_1,
        antecedent_item_2,
        score,
        strength,
        recommendation_rank
    from ranked
    where recommendation_rank <= case when is_current then {{ var("offers")["per_customer"] }} else 10 end

)

select * from final
