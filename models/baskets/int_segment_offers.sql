-- One row per as-of date, segment (0: all), reason, antecedent and item: at most offers.candidates of each reason, the
-- items that most of the segment's customers bought and the rules that are most certain. The most confident rules would
-- be those of rare items, which apply to few. The score is the chance of a purchase: the share of the segment's
-- customers who bought the item, or the confidence of the rule.
-- depends_on: {{ ref("learning_scope") }}
with shares as (

    select *
    from {{ ref("int_item_shares") }}
    where
        q_value <= {{ var("offers")["false_discovery_rate"] }}
        and buyers >= {{ var("offers")["min_orders"] }}
        and segment_id > 0

),

items as (

    select * from {{ ref("int_basket_items") }}

),

rules as (

    select
        rules.*,
        first_items.item as antecedent_item_1,
        second_items.item as antecedent_item_2,
        consequents.item
    from {{ ref("int_basket_rules") }} as rules
    inner join items as first_items
        on rules.as_of_date = first_items.as_of_date and rules.antecedent_1 = first_items.item_number
    inner join items as consequents
        on rules.as_of_date = consequents.as_of_date and rules.consequent = consequents.item_number
    left join items as second_items
        on rules.as_of_date = second_items.as_of_date and rules.antecedent_2 = second_items.item_number

),

offers as (

    select
        as_of_date,
        segment_id,
        'over_index' as reason,
        '' as antecedent_item_1,
        '' as antecedent_item_2,
        item,
        round(share, 6) as score,
        round(index_against_all, 6) as strength,
        row_number() over (partition by as_of_date, segment_id order by buyers desc, item asc) as offer_rank
    from shares

    union all

    select
        as_of_date,
        segment_id,
        'rule' as reason,
        antecedent_item_1,
        coalesce(antecedent_item_2, '') as antecedent_item_2,
        item,
        round(confidence, 6) as score,
        round(lift, 6) as strength,
        rule_rank as offer_rank
    from rules

),

final as (

    select
        as_of_date,
        segment_id,
        reason,
        antecedent_item_1,
        antecedent_item_2,
        item,
        score,
        strength,
        cast(offer_rank as integer) as offer_rank,
        -- The order in which a customer gets them, of one item the best reason first.
        cast(row_number() over (
            partition by as_of_date, segment_id
            order by
                score desc, strength desc, item asc, reason asc, antecedent_item_1 asc, antecedent_item_2 asc
        ) as integer) as offer_number
    from offers
    where offer_rank <= {{ var("offers")["candidates"] }}

)

select * from final
