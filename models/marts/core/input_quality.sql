-- One row per input and outcome: accepted, or the rule that rejected. Counts alone, so nothing personal.
-- depends_on: {{ ref("publication_gate") }}
with reconciliation as (

    select * from {{ ref("input_reconciliation") }}

),

rejected as (

    select
        input,
        rule,
        count(*) as row_count
    from {{ ref("rejected_records") }}
    group by input, rule

),

outcomes as (

    select
        input,
        'accepted' as outcome,
        accepted_rows as row_count
    from reconciliation

    union all

    select
        input,
        rule as outcome,
        row_count
    from rejected

),

final as (

    select
        outcomes.input,
        outcomes.outcome,
        outcomes.row_count,
        round({{ ratio("outcomes.row_count", "reconciliation.raw_rows") }}, 6) as share
    from outcomes
    inner join reconciliation on outcomes.input = reconciliation.input

)

select * from final
