-- One row per as-of date, segment (0: all) and item in enough of its orders.
-- depends_on: {{ ref("learning_scope") }}
with counts as (

    select
        as_of_date,
        segment_id,
        item_number as item_1,
        count(*) as orders
    from {{ ref("int_baskets") }}
    group by as_of_date, segment_id, item_number

),

final as (

    {{ counted_in_segments("counts", ["item_1"]) | indent(4) }}

)

select * from final
