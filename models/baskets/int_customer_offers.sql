-- One row per as-of date, customer and offer of the segment that applies to the customer, who never had its item: as
-- many as customers get, and ten at least for the backtest. What an offer says stands in int_segment_offers.
{%- set most = [var("offers")["per_customer"], 10] | max %}
with ranked as (

    select
        *,
        row_number() over (
            partition by as_of_date, is_current, segment_id, customer_id order by offer_number
        ) as offer_rank
    from {{ ref("int_applicable_offers") }}

),

-- A limit that is the same for everybody lets an engine keep the best while it reads, and sort nothing.
best as (

    select * from ranked
    where offer_rank <= {{ most }}

),

final as (

    select
        as_of_date,
        is_current,
        segment_id,
        customer_id,
        offer_number,
        cast(offer_rank as integer) as recommendation_rank
    from best

)

select * from final
