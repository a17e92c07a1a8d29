-- One row per as-of date, segment (0: all) and pair of items, the more frequent one first, in enough of its orders.
-- depends_on: {{ ref("learning_scope") }}
with baskets as (

    select * from {{ ref("int_baskets") }}

),

counts as (

    select
        first_items.as_of_date,
        first_items.segment_id,
        first_items.item_number as item_1,
        second_items.item_number as item_2,
        count(*) as orders
    from baskets as first_items
    inner join baskets as second_items
        on
            first_items.order_id = second_items.order_id
            and first_items.as_of_date = second_items.as_of_date
            and first_items.item_number < second_items.item_number
    group by first_items.as_of_date, first_items.segment_id, first_items.item_number, second_items.item_number

),

final as (

    {{ counted_in_segments("counts", ["item_1", "item_2"]) | indent(4) }}

)

select * from final
