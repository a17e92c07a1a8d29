-- One row per as-of date and segment, 0 for all customers together: its orders and how many an item set must reach.
-- depends_on: {{ ref("learning_scope") }}
with orders as (

    select distinct
        as_of_date,
        segment_id,
        order_id
    from {{ ref("int_basket_lines") }}

),

counted as (

    select
        as_of_date,
        segment_id,
        count(*) as orders
    from orders
    where segment_id > 0
    group by as_of_date, segment_id

    union all

    select
        as_of_date,
        0 as segment_id,
        count(*) as orders
    from orders
    group by as_of_date

),

final as (

    select
        as_of_date,
        segment_id,
        orders,
        -- A share of five digits times a count is exact as a decimal.
        greatest(
            {{ var("offers")["min_orders"] }},
            ceil(cast({{ var("offers")["min_support"] }} as decimal(9, 6)) * cast(orders as decimal(18, 0)))
        ) as min_orders
    from counted

)

select * from final
