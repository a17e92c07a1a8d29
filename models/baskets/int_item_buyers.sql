-- One row per as-of date, segment (0: all) and item: how many of its customers bought the item, how many bought
-- anything, and the sum of buyers over all items. A customer counts once per item, so that nobody's habit decides.
-- depends_on: {{ ref("learning_scope") }}
with bought as (

    select
        customers.as_of_date,
        customers.segment_id,
        customers.customer_id,
        items.item
    from {{ ref("int_offer_customers") }} as customers
    inner join {{ ref("int_customer_items") }} as items on customers.customer_id = items.customer_id
    where items.is_bought

    union all

    select
        as_of_date,
        segment_id,
        customer_id,
        item
    from {{ ref("int_backtest_items") }}
    where is_bought

),

counted as (

    select
        as_of_date,
        segment_id,
        item,
        count(*) as buyers
    from bought
    group by as_of_date, segment_id, item

),

counts as (

    select * from counted
    where segment_id > 0

    union all

    select
        as_of_date,
        0 as segment_id,
        item,
        cast(sum(buyers) as bigint) as buyers
    from counted
    group by as_of_date, item

),

customers as (

    select
        as_of_date,
        segment_id,
        count(distinct customer_id) as customers
    from bought
    where segment_id > 0
    group by as_of_date, segment_id

    union all

    select
        as_of_date,
        0 as segment_id,
        count(distinct customer_id) as customers
    from bought
    group by as_of_date

),

final as (

    select
        counts.as_of_date,
        counts.segment_id,
        counts.item,
        counts.buyers,
        customers.customers,
        cast(
            sum(counts.buyers) over (partition by counts.as_of_date, counts.segment_id) as bigint
        ) as purchases
    from counts
    inner join customers on counts.as_of_date = customers.as_of_date and counts.segment_id = customers.segment_id

)

select * from final
