-- One row: whether this run computes the features of all customers, or those of changed customers alone.
-- A new as-of date is a day on which everybody is older.
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
{% set limit = var("refresh")["full_above_share"] %}
all_customers as (

    select count(*) as customers
    from {{ ref("stg_customers") }}

),

facts as (

    select
        max(scope.reason) as reason_before,
        (select cast(max(as_of_dates.as_of_date) as {{ dbt.type_string() }}) from as_of_dates) as as_of_date,
        (select changed.customers from changed) > {{ limit }} * (select all_customers.customers from all_customers)
            as has_many_changes
    from scope

),

{{ layer_scope(
    fingerprint="(select facts.as_of_date from facts)",
    difference="the as-of date is another one",
    reasons=[
        "(select facts.reason_before from facts)",
        "(select case when facts.has_many_changes then 'more customers changed than refresh.full_above_share' end from facts)",
    ],
) | replace("with previous", "previous", 1) }}

select * from final
