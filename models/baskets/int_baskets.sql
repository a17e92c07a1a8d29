-- One row per as-of date, order and item number that may be part of a rule. Of a basket with more than
-- offers.max_basket_items such items the most frequent ones are kept: pairs grow with the square of a basket.
-- depends_on: {{ ref("learning_scope") }}
with frequent as (

    select
        lines.as_of_date,
        lines.segment_id,
        lines.order_id,
        items.item_number
    from {{ ref("int_basket_lines") }} as lines
    inner join {{ ref("int_basket_items") }} as items
        on lines.as_of_date = items.as_of_date and lines.item = items.item

),

-- Only the few large baskets are sorted.
large as (

    select
        as_of_date,
        order_id
    from frequent
    group by as_of_date, order_id
    having count(*) > {{ var("offers")["max_basket_items"] }}

),

ranked as (

    select
        frequent.*,
        row_number() over (
            partition by frequent.as_of_date, frequent.order_id order by frequent.item_number
        ) as item_rank
    from frequent
    inner join large on frequent.as_of_date = large.as_of_date and frequent.order_id = large.order_id

),

final as (

    select frequent.*
    from frequent
    left join large on frequent.as_of_date = large.as_of_date and frequent.order_id = large.order_id
    where large.order_id is null

    union all

    select
        as_of_date,
        segment_id,
        order_id,
        item_number
    from ranked
    where item_rank <= {{ var("offers")["max_basket_items"] }}

)

select * from final
