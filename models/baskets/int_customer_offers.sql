-- One row per as-of date, customer and item that is offered: of the segment's offers those that apply to the customer,
-- who never had the item, ranked by score. Ten are kept for the backtest, whatever offers.per_customer says.
with applicable as (

    select * from {{ ref("int_applicable_offers") }}

),

best_reason as (

    select
        *,
        row_number() over (
            partition by as_of_date, customer_id, item
            order by score desc, strength desc, reason asc, antecedent_item_1 asc, antecedent_item_2 asc
        ) as reason_rank
    from applicable

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
