-- One row per customer and item that the customer never had: what to offer, best first, and why. Offers stand as they
-- were learned; who gets which goes by what the customer had by the as-of date.
-- depends_on: {{ ref("publication_gate") }}
with customer_offers as (

    select *
    from {{ ref("int_customer_offers") }}
    where {{ changed_only("customer_id") }}

),

today as (

    select as_of_date
    from {{ ref("as_of_dates") }}
    where is_current

),

offers as (

    select * from {{ ref("int_segment_offers") }}

),

final as (

    select
        cast('{{ offers_segmentation() }}' as {{ dbt.type_string() }}) as segmentation,
        customer_offers.customer_id,
        customer_offers.segment_id,
        offers.item,
        customer_offers.recommendation_rank,
        {{ offer_reason() | indent(8) }} as reason,
        offers.score,
        offers.strength,
        today.as_of_date
    from customer_offers
    cross join today
    inner join offers
        on
            customer_offers.as_of_date = offers.as_of_date
            and customer_offers.segment_id = offers.segment_id
            and customer_offers.offer_number = offers.offer_number

)

select * from final
