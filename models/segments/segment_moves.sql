-- One row per segmentation, as-of date and segments before and after, scored and smoothed: how many customers, and what
-- they brought in the period and in 90 days. 0 stands for no segment; before the first date nobody has one.
with history as (

    select *
    from {{ ref("customer_segment_history") }}
    where {{ changed_days("as_of_date") }}

),

-- The revenue of a period is what has come since the date before it.
first_date as (

    select min(coalesce(previous_as_of_date, as_of_date)) as first_date
    from {{ ref("as_of_dates") }}
    where {{ changed_days("as_of_date") }}

),

revenues as (

    select
        customer_id,
        as_of_date,
        monetary - lag(monetary, 1, 0) over (partition by customer_id order by as_of_date) as revenue,
        revenue_last_90_days
    from {{ ref("customer_features") }}
    where as_of_date >= (select first_date.first_date from first_date)

),

as_of_dates as (

    select * from {{ ref("as_of_dates") }}

),

final as (

    select
        history.segmentation,
        history.as_of_date,
        as_of_dates.previous_as_of_date,
        coalesce(history.previous_segment_id, 0) as from_segment_id,
        coalesce(history.segment_id, 0) as to_segment_id,
        coalesce(history.previous_raw_segment_id, 0) as from_raw_segment_id,
        coalesce(history.raw_segment_id, 0) as to_raw_segment_id,
        count(*) as customers,
        {{ money_sum("revenues.revenue") }} as revenue,
        {{ money_sum("revenues.revenue_last_90_days") }} as revenue_last_90_days
    from history
    inner join as_of_dates on history.as_of_date = as_of_dates.as_of_date
    inner join revenues on history.customer_id = revenues.customer_id and history.as_of_date = revenues.as_of_date
    where history.previous_segment_id is not null or history.segment_id is not null
    group by
        history.segmentation,
        history.as_of_date,
        as_of_dates.previous_as_of_date,
        coalesce(history.previous_segment_id, 0),
        coalesce(history.segment_id, 0),
        coalesce(history.previous_raw_segment_id, 0),
        coalesce(history.raw_segment_id, 0)

)

select * from final
