-- One row per as-of date, segment and item: how many of its customers bought it, against all customers, and whether the
-- segment does so beyond chance. Segment 0 holds all customers, who differ from nobody.
with bought as (

    select *
    from {{ ref("int_customer_items") }}
    where is_bought

),

customers as (

    select distinct
        as_of_date,
        segment_id,
        customer_id
    from bought

),

sizes as (

    select
        as_of_date,
        segment_id,
        count(*) as customers
    from customers
    group by as_of_date, segment_id

),

all_sizes as (

    select
        as_of_date,
        sum(customers) as customers
    from sizes
    group by as_of_date

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

all_counted as (

    select
        as_of_date,
        item,
        sum(buyers) as buyers,
        count(*) over (partition by as_of_date) as items
    from counted
    group by as_of_date, item

),

tested as (

    select
        counted.as_of_date,
        counted.segment_id,
        counted.item,
        counted.buyers,
        sizes.customers,
        cast(all_counted.buyers as bigint) as all_buyers,
        cast(all_sizes.customers as bigint) as all_customers,
        cast(all_counted.items as double) as tests,
        {{ association_z("counted.buyers", "sizes.customers", "all_counted.buyers", "all_sizes.customers") | indent(8) }} as z
    from counted
    inner join sizes on counted.as_of_date = sizes.as_of_date and counted.segment_id = sizes.segment_id
    inner join all_counted on counted.as_of_date = all_counted.as_of_date and counted.item = all_counted.item
    inner join all_sizes on counted.as_of_date = all_sizes.as_of_date
    where counted.segment_id > 0

    union all

    select
        all_counted.as_of_date,
        0 as segment_id,
        all_counted.item,
        cast(all_counted.buyers as bigint) as buyers,
        cast(all_sizes.customers as bigint) as customers,
        cast(all_counted.buyers as bigint) as all_buyers,
        cast(all_sizes.customers as bigint) as all_customers,
        cast(all_counted.items as double) as tests,
        cast(0 as double) as z
    from all_counted
    inner join all_sizes on all_counted.as_of_date = all_sizes.as_of_date

),

ranked as (

    select
        *,
        {{ normal_tail("z") | indent(8) }} as p_value,
        row_number() over (partition by as_of_date, segment_id order by z desc, item) as test_rank
    from tested

),

final as (

    select
        *,
        {{ discovery_rate("p_value", "tests", "as_of_date, segment_id") | indent(8) }} as q_value,
        {{ ratio("buyers", "customers") }} as share,
        {{ ratio("buyers", "customers") }} / {{ ratio("all_buyers", "all_customers") }} as index_against_all
    from ranked

)

select * from final
