-- One row per customer and item that the customer never had: what to offer, best first, and why.
-- depends_on: {{ ref("publication_gate") }}
with customer_offers as (

    select *
    from {{ ref("int_customer_offers") }}
    where is_current and recommendation_rank <= {{ var("offers")["per_customer"] }}

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
        customer_offers.as_of_date
    from customer_offers
    inner join offers
        on
            customer_offers.as_of_date = offers.as_of_date
            and customer_offers.segment_id = offers.segment_id
            and customer_offers.offer_number = offers.offer_number

)

select * from final
