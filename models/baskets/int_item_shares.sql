-- One row per as-of date, segment and item: who of the segment bought it, and whether it is a larger part of all that
-- the segment's customers bought than of what everybody bought, beyond chance. Segment 0 holds all customers, who
-- differ from nobody.
-- depends_on: {{ ref("learning_scope") }}
with buyers as (

    select * from {{ ref("int_item_buyers") }}

),

everybody as (

    select
        *,
        count(*) over (partition by as_of_date) as items
    from buyers
    where segment_id = 0

),

tested as (

    select
        buyers.*,
        everybody.buyers as all_buyers,
        everybody.purchases as all_purchases,
        cast(everybody.items as double) as hypotheses,
        {{ association_z(
            "buyers.buyers", "buyers.purchases", "everybody.buyers", "everybody.purchases"
        ) | indent(8) }} as z
    from buyers
    inner join everybody on buyers.as_of_date = everybody.as_of_date and buyers.item = everybody.item

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
