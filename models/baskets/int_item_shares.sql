-- One row per as-of date, segment and item: who of the segment bought it, and whether it is a larger part of all that
-- the segment's customers bought than of what everybody bought, beyond chance. A customer counts once per item, so that
-- nobody's habit decides. Segment 0 holds all customers, who differ from nobody.
with bought as (

    select *
    from {{ ref("int_customer_items") }}
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

everybody as (

    select
        as_of_date,
        item,
        cast(sum(buyers) as bigint) as buyers
    from counted
    group by as_of_date, item

),

counts as (

    select
        as_of_date,
        segment_id,
        item,
        buyers
    from counted
    where segment_id > 0

    union all

    select
        as_of_date,
        0 as segment_id,
        item,
        buyers
    from everybody

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

totals as (

    select
        as_of_date,
        segment_id,
        cast(sum(buyers) as bigint) as purchases,
        count(*) as items
    from counts
    group by as_of_date, segment_id

),

tested as (

    select
        counts.as_of_date,
        counts.segment_id,
        counts.item,
        counts.buyers,
        customers.customers,
        totals.purchases,
        everybody.buyers as all_buyers,
        all_totals.purchases as all_purchases,
        cast(all_totals.items as double) as hypotheses,
        {{ association_z(
            "counts.buyers", "totals.purchases", "everybody.buyers", "all_totals.purchases"
        ) | indent(8) }} as z
    from counts
    inner join everybody on counts.as_of_date = everybody.as_of_date and counts.item = everybody.item
    inner join customers on counts.as_of_date = customers.as_of_date and counts.segment_id = customers.segment_id
    inner join totals on counts.as_of_date = totals.as_of_date and counts.segment_id = totals.segment_id
    inner join totals as all_totals on counts.as_of_date = all_totals.as_of_date and all_totals.segment_id = 0

),

ranked as (

    select
        *,
        {{ normal_tail("z") | indent(8) }} as p_value,
        row_number() over (partition by as_of_date, segment_id order by z desc, item asc) as test_rank
    from tested

),

final as (

    select
        *,
        {{ discovery_rate("p_value", "hypotheses", "as_of_date, segment_id") | indent(8) }} as q_value,
        {{ ratio("buyers", "customers") }} as share,
        ({{ ratio("buyers", "purchases") }})
        / nullif({{ ratio("all_buyers", "all_purchases") }}, 0) as index_against_all
    from ranked

)

select * from final
