-- One row per customer and item that the customer never had: what to offer, best first, and why.
-- depends_on: {{ ref("publication_gate") }}
with offers as (

    select *
    from {{ ref("int_customer_offers") }}
    where is_current

),

final as (

    select
        cast('{{ offers_segmentation() }}' as {{ dbt.type_string() }}) as segmentation,
        customer_id,
        cast(segment_id as integer) as segment_id,
        item,
        recommendation_rank,
        {{ offer_reason() | indent(8) }} as reason,
        score,
        strength,
        as_of_date
    from offers

)

select * from final
