-- One row per customer and item that the customer ever had in an order, returns and cancellations included: whoever
-- sent something back is not offered it again. is_bought tells what stands in a purchase.
-- An item is a product or a category, by the variable offers.item.
with lines as (

    select
        order_id,
        customer_id,
        quantity,
        {{ var("offers")["item"] }} as item
    from {{ ref("int_order_lines") }}
    where {{ var("offers")["item"] }} is not null and {{ changed_only("customer_id") }}

),

standing_purchases as (

    select order_id
    from {{ ref("int_orders") }}
    where order_kind = 'purchase' and cancelled_on is null and {{ changed_only("customer_id") }}

),

final as (

    select
        lines.customer_id,
        lines.item,
        bool_or(lines.quantity > 0 and standing_purchases.order_id is not null) as is_bought
    from lines
    left join standing_purchases on lines.order_id = standing_purchases.order_id
    group by lines.customer_id, lines.item

)

select * from final
