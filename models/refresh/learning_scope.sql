-- One row: whether this run learns anew what everybody's data say of anybody - offers and their rules, parameters of
-- value, rules that stand for a model, and how well all of these have done - or goes on with what was learned.
-- A full refresh goes on as well: like models, what was learned stands until there is a reason.
-- depends_on: {{ ref("resolved_configuration") }}
{%- set learning = var("learning") %}
with today as (

    select
        as_of_date,
        cast(date_trunc('{{ var("snapshot_period") }}', as_of_date) as date) as period_began
    from {{ ref("as_of_dates") }}
    where is_current

),

orders as (

    select cast(count(*) as bigint) as orders
    from {{ ref("stg_orders") }}

),

facts as (

    select
        concat(input_scope.fingerprint, scores.fingerprint) as fingerprint,
        today.as_of_date,
        today.period_began,
        orders.orders
    from {{ ref("refresh_scope") }} as input_scope
    cross join {{ ref("score_scope") }} as scores
    cross join today
    cross join orders

),

{{ layer_scope(
    fingerprint="(select facts.fingerprint from facts)",
    difference="the configuration, the project or a segmentation has changed",
    reasons=[
        "'every run learns'" if learning["each"] == "run" else "null",
        "'a refit was asked for'" if var("refit") else "null",
        "case when previous.fingerprint is not null then 'tables are missing: " ~ missing_tables("learned") ~ "' end"
            if missing_tables("learned") else "null",
        "(select case when facts.period_began <> previous.period_began then 'another period has begun' end from facts)",
        "(select case when facts.as_of_date < previous.learned_on then 'less is known than when it was learned' end"
            ~ " from facts)",
        "(select case when abs(facts.orders - previous.orders) > " ~ learning["above_share"] ~ " * previous.orders"
            ~ " then 'more orders have come or gone since than learning.above_share allows' end from facts)",
    ],
    extra={
        "period_began": ("date", "(select facts.period_began from facts)"),
        "learned_on": (
            "date", "case when this_run.reason is null then previous.learned_on else (select facts.as_of_date from facts) end"
        ),
        "orders": (
            "bigint", "case when this_run.reason is null then previous.orders else (select facts.orders from facts) end"
        ),
    },
) | replace("with previous", "previous", 1) }}

select * from final
