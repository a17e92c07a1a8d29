-- One row per segmentation, segment (0: all customers), antecedent and consequent: what is bought together.
-- depends_on: {{ ref("publication_gate") }}
-- depends_on: {{ ref("learning_scope") }}
with rules as (

    select rules.*
    from {{ ref("int_basket_rules") }} as rules
    inner join {{ ref("as_of_dates") }} as as_of_dates on rules.as_of_date = as_of_dates.as_of_date
    where as_of_dates.is_current

),

items as (

    select * from {{ ref("int_basket_items") }}

),

final as (

    select
        cast('{{ offers_segmentation() }}' as {{ dbt.type_string() }}) as segmentation,
        cast(rules.segment_id as integer) as segment_id,
        first_items.item as antecedent_1,
        -- No part of the key is null.
        coalesce(second_items.item, '') as antecedent_2,
        consequents.item as consequent,
        cast(rules.rule_rank as integer) as rule_rank,
        cast(rules.orders as bigint) as orders,
        cast(rules.antecedent_orders as bigint) as antecedent_orders,
        cast(rules.consequent_orders as bigint) as consequent_orders,
        cast(rules.all_orders as bigint) as segment_orders,
        round(rules.support, 9) as support,
        round(rules.confidence, 9) as confidence,
        round(rules.lift, 9) as lift,
        round(({{ ratio(
            "rules.all_orders - rules.consequent_orders", "rules.all_orders"
        ) }}) / nullif({{ ratio("rules.antecedent_orders - rules.orders", "rules.antecedent_orders") }}, 0), 9)
            as conviction,
        rules.z,
        round(rules.q_value, 12) as false_discovery_rate,
        rules.as_of_date
    from rules
    inner join items as first_items
        on rules.as_of_date = first_items.as_of_date and rules.antecedent_1 = first_items.item_number
    inner join items as consequents
        on rules.as_of_date = consequents.as_of_date and rules.consequent = consequents.item_number
    left join items as second_items
        on rules.as_of_date = second_items.as_of_date and rules.antecedent_2 = second_items.item_number

)

select * from final
