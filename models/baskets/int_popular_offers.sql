-- One row per customer of the backtest and item: the ten items that most customers had bought by then and that this
-- customer never had. What offers are measured against.
-- depends_on: {{ ref("learning_scope") }}
with popular as (

    select
        as_of_date,
        item,
        row_number() over (partition by as_of_date order by buyers desc, item asc) as popularity
    from {{ ref("int_item_shares") }}
    where segment_id = 0

),

customers as (

    select * from {{ ref("int_backtest_customers") }}

),

new_to_customer as (

    select
        customers.as_of_date,
        customers.customer_id,
        popular.item,
        row_number() over (
            partition by customers.as_of_date, customers.customer_id order by popular.popularity
        ) as recommendation_rank
    from customers
    inner join popular on customers.as_of_date = popular.as_of_date
    left join {{ ref("int_backtest_items") }} as customer_items
        on
            customers.as_of_date = customer_items.as_of_date
            and customers.customer_id = customer_items.customer_id
            and popular.item = customer_items.item
    where popular.popularity <= {{ var("offers")["candidates"] }} and customer_items.item is null

),

final as (

    select
        as_of_date,
        customer_id,
        item,
        recommendation_rank
    from new_to_customer
    where recommendation_rank <= 10

)

select * from final
