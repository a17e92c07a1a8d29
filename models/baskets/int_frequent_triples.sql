-- One row per as-of date, segment (0: all) and three items in enough of its orders. A triple is counted only where its
-- three pairs are frequent somewhere (Agrawal & Srikant 1994), so few of a large basket's triples are ever made.
-- depends_on: {{ ref("learning_scope") }}
with baskets as (

    select * from {{ ref("int_baskets") }}

),

pairs as (

    select distinct
        as_of_date,
        item_1,
        item_2
    from {{ ref("int_frequent_pairs") }}

),

candidates as (

    select
        first_pairs.as_of_date,
        first_pairs.item_1,
        first_pairs.item_2,
        second_pairs.item_2 as item_3
    from pairs as first_pairs
    inner join pairs as second_pairs
        on
            first_pairs.as_of_date = second_pairs.as_of_date
            and first_pairs.item_1 = second_pairs.item_1
            and first_pairs.item_2 < second_pairs.item_2
    inner join pairs as third_pairs
        on
            first_pairs.as_of_date = third_pairs.as_of_date
            and first_pairs.item_2 = third_pairs.item_1
            and second_pairs.item_2 = third_pairs.item_2

),

paired as (

    select
        first_items.as_of_date,
        first_items.segment_id,
        first_items.order_id,
        first_items.item_number as item_1,
        second_items.item_number as item_2
    from baskets as first_items
    inner join baskets as second_items
        on
            first_items.order_id = second_items.order_id
            and first_items.as_of_date = second_items.as_of_date
            and first_items.item_number < second_items.item_number
    inner join pairs
        on
            first_items.as_of_date = pairs.as_of_date
            and first_items.item_number = pairs.item_1
            and second_items.item_number = pairs.item_2

),

counts as (

    select
        paired.as_of_date,
        paired.segment_id,
        paired.item_1,
        paired.item_2,
        third_items.item_number as item_3,
        count(*) as orders
    from paired
    inner join baskets as third_items
        on
            paired.order_id = third_items.order_id
            and paired.as_of_date = third_items.as_of_date
            and paired.item_2 < third_items.item_number
    inner join candidates
        on
            paired.as_of_date = candidates.as_of_date
            and paired.item_1 = candidates.item_1
            and paired.item_2 = candidates.item_2
            and third_items.item_number = candidates.item_3
    group by paired.as_of_date, paired.segment_id, paired.item_1, paired.item_2, third_items.item_number

),

final as (

    {{ counted_in_segments("counts", ["item_1", "item_2", "item_3"]) | indent(4) }}

)

select * from final
