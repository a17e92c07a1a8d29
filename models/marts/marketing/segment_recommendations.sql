-- One row per segmentation, segment (0: customers without one), reason and item: what may be offered to its customers.
-- depends_on: {{ ref("publication_gate") }}
-- depends_on: {{ ref("learning_scope") }}
with offers as (

    select offers.*
    from {{ ref("int_segment_offers") }} as offers
    inner join {{ ref("as_of_dates") }} as as_of_dates on offers.as_of_date = as_of_dates.as_of_date
    where as_of_dates.is_current

),

final as (

    select
        cast('{{ offers_segmentation() }}' as {{ dbt.type_string() }}) as segmentation,
        cast(segment_id as integer) as segment_id,
        item,
        {{ offer_reason() | indent(8) }} as reason,
        antecedent_item_1 as antecedent_1,
        antecedent_item_2 as antecedent_2,
        offer_rank,
        score,
        strength,
        as_of_date
    from offers

)

select * from final
