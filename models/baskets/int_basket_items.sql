-- One row per as-of date and item in at least offers.min_orders of the orders looked at, numbered from the most
-- frequent: no rarer item can be part of a rule.
-- depends_on: {{ ref("learning_scope") }}
with counted as (

    select
        as_of_date,
        item,
        count(*) as orders
    from {{ ref("int_basket_lines") }}
    group by as_of_date, item
    having count(*) >= {{ var("offers")["min_orders"] }}

),

final as (

    select
        as_of_date,
        item,
        orders,
        cast(row_number() over (partition by as_of_date order by orders desc, item asc) as integer) as item_number
    from counted

)

select * from final
