-- One row per as-of date, segment (0: all), antecedent and consequent: the rules that pass the floors of confidence and
-- lift and the false discovery rate. What was never counted because it is too rare was still a chance to be wrong: the
-- number of tests is that of all pairs of frequent items and of all frequent pairs with a third item.
-- depends_on: {{ ref("learning_scope") }}
with tests as (

    select * from {{ ref("int_rule_tests") }}

),

frequent as (

    select
        as_of_date,
        segment_id,
        count(*) as items
    from {{ ref("int_frequent_items") }}
    group by as_of_date, segment_id

),

frequent_pairs as (

    select
        as_of_date,
        segment_id,
        count(*) as pairs
    from {{ ref("int_frequent_pairs") }}
    group by as_of_date, segment_id

),

ranked as (

    select
        tests.*,
        {{ normal_tail("tests.z") | indent(8) }} as p_value,
        cast(frequent.items * (frequent.items - 1) + frequent_pairs.pairs * (frequent.items - 2) as double)
            as hypotheses,
        row_number() over (
            partition by tests.as_of_date, tests.segment_id
            order by tests.z desc, tests.consequent asc, tests.antecedent_1 asc, tests.antecedent_2 asc nulls first
        ) as test_rank
    from tests
    inner join frequent on tests.as_of_date = frequent.as_of_date and tests.segment_id = frequent.segment_id
    inner join frequent_pairs
        on tests.as_of_date = frequent_pairs.as_of_date and tests.segment_id = frequent_pairs.segment_id

),

measured as (

    select
        *,
        {{ discovery_rate("p_value", "hypotheses", "as_of_date, segment_id") | indent(8) }} as q_value,
        {{ ratio("orders", "all_orders") }} as support,
        {{ ratio("orders", "antecedent_orders") }} as confidence,
        ({{ ratio("orders", "antecedent_orders") }})
        / nullif({{ ratio("consequent_orders", "all_orders") }}, 0) as lift
    from ranked

),

passed as (

    select *
    from measured
    where
        q_value <= {{ var("offers")["false_discovery_rate"] }}
        and round(confidence, 9) >= {{ var("offers")["min_confidence"] }}
        and lift > 1

),

final as (

    select
        *,
        row_number() over (partition by as_of_date, segment_id order by test_rank) as rule_rank
    from passed

)

select * from final
where rule_rank <= {{ var("offers")["max_rules"] }}
