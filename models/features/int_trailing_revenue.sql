-- One row per customer and as-of date with money moved in the 180 days up to it: net revenue of the last 90 days and
-- of the 90 before. A cancellation takes the money back on its own day.
with orders as (

    select *
    from {{ ref("int_orders") }}
    where {{ changed_only("customer_id") }}

),

movements as (

    select
        customer_id,
        ordered_on as moved_on,
        net_amount
    from orders
    where net_amount <> 0

    union all

    select
        customer_id,
        cancelled_on as moved_on,
        -net_amount as net_amount
    from orders
    where cancelled_on is not null and net_amount <> 0

),

as_of_dates as (

    select
        as_of_date,
        cast({{ dbt.dateadd("day", -90, "as_of_date") }} as date) as last_90_days_after,
        cast({{ dbt.dateadd("day", -180, "as_of_date") }} as date) as previous_90_days_after
    from {{ ref("as_of_dates") }}

),

final as (

    select
        movements.customer_id,
        as_of_dates.as_of_date,
        {{ money_sum(
            "case when movements.moved_on > as_of_dates.last_90_days_after then movements.net_amount end"
        ) }} as revenue_last_90_days,
        {{ money_sum(
            "case when movements.moved_on <= as_of_dates.last_90_days_after then movements.net_amount end"
        ) }} as revenue_previous_90_days
    from movements
    inner join as_of_dates
        on
            movements.moved_on <= as_of_dates.as_of_date
            and movements.moved_on > as_of_dates.previous_90_days_after
    where {{ changed_dates("movements.customer_id", "as_of_dates.as_of_date") }}
    group by movements.customer_id, as_of_dates.as_of_date

)

select * from final
