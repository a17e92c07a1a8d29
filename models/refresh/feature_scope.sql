-- One row: whether this run computes the features of all customers, or those of changed customers alone.
-- A new as-of date is a day on which everybody is older. Where the ends of periods before it are those of the run
-- before, that day alone is new, and what stands at those ends is kept.
with scope as (

    select * from {{ ref("refresh_scope") }}

),

as_of_dates as (

    select * from {{ ref("as_of_dates") }}

),

changed as (

    select count(*) as customers
    from {{ ref("changed_customers") }}

),
{% set limit = var("full_above_share") %}
all_customers as (

    select count(*) as customers
    from {{ ref("stg_customers") }}

),

facts as (

    select
        max(scope.reason) as reason_before,
        (select cast(max(as_of_dates.as_of_date) as {{ dbt.type_string() }}) from as_of_dates) as as_of_date,
        (
            select cast(sum({{ row_hash(["as_of_dates.as_of_date"]) }}) as {{ dbt.type_string() }})
            from as_of_dates
            where not as_of_dates.is_current
        ) as period_ends,
        (select changed.customers from changed) > {{ limit }} * (select all_customers.customers from all_customers)
            as has_many_changes
    from scope

),

{{ layer_scope(
    fingerprint="(select facts.as_of_date from facts)",
    difference="the as-of date is another one",
    reasons=[
        "(select facts.reason_before from facts)",
        "(select case when facts.has_many_changes then 'more customers have changed than full_above_share allows' end from facts)",
    ],
    extra={
        "period_ends": ("string", "(select coalesce(facts.period_ends, 'none') from facts)"),
        "keeps_past": (
            "boolean",
            "coalesce((select facts.reason_before is null and not facts.has_many_changes"
            ~ " and coalesce(facts.period_ends, 'none') = previous.period_ends from facts)"
            ~ " and " ~ past_is_whole() ~ ", false)"
        ),
    },
) | replace("with previous", "previous", 1) }}

select * from final
