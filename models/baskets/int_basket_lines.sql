-- One row per as-of date, order and item that was bought in it by a customer whom rules are learned from.
with customers as (

    select
        as_of_date,
        customer_id
    from {{ ref("int_offer_customers") }}
    where is_learned_from

),

final as (

    select
        lines.as_of_date,
        lines.segment_id,
        lines.order_id,
        lines.item
    from {{ ref("int_offer_lines") }} as lines
    inner join customers on lines.as_of_date = customers.as_of_date and lines.customer_id = customers.customer_id

)

select * from final
