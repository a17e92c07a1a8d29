-- One row per as-of date, customer and item that is offered: of the segment's offers those that apply to the customer,
-- who never had the item, ranked by score. Ten are kept for the backtest, whatever offers.per_customer says.
with ranked as (

    select
        *,
        cast(row_number() over (
            partition by as_of_date, customer_id order by offer_number
        ) as integer) as recommendation_rank
    from {{ ref("int_applicable_offers") }}

),

offers as (

    select * from {{ ref("int_segment_offers") }}

),

final as (

    select
        ranked.as_of_date,
        ranked.is_current,
        ranked.segment_id,
        ranked.customer_id,
        offers.item,
        offers.reason,
        offers.antecedent_item_1,
        offers.antecedent_item_2,
        offers.score,
        offers.strength,
        ranked.recommendation_rank
    from ranked
    inner join offers
        on
            ranked.as_of_date = offers.as_of_date
            and ranked.segment_id = offers.segment_id
            and ranked.offer_number = offers.offer_number
    where
        ranked.recommendation_rank <= case
            when ranked.is_current then {{ var("offers")["per_customer"] }}
            else 10
        end

)

select * from final
