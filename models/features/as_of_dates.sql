-- One row per as-of date: the date itself and the ends of the completed periods before it.
with known as (

    select
        coalesce(
            {% if var("as_of_date") %}cast('{{ var("as_of_date") }}' as date),{% endif %}
            (select {{ dbt.dateadd("day", 1, "cast(max(ordered_at) as date)") }} from {{ ref("stg_orders") }}),
            (select {{ dbt.dateadd("day", 1, "cast(max(signup_at) as date)") }} from {{ ref("stg_customers") }}),
            -- Nothing in the data has a date: the day of the run is all that is left.
            cast('{{ run_started_at.strftime("%Y-%m-%d") }}' as date)
        ) as as_of_date

),

period_starts as (

    select cast(date_trunc('{{ var("snapshot_period") }}', as_of_date) as date) as starts_on
    from known

),

all_dates as (

    select cast(as_of_date as date) as as_of_date
    from known

    {% for periods_back in range(var("snapshot_count") | int) %}
    union all
    select
        cast({{ dbt.dateadd(
            "day", -1, dbt.dateadd(var("snapshot_period"), 0 - periods_back, "starts_on")
        ) }} as date) as as_of_date
    from period_starts
    {% endfor %}

),

final as (

    select
        as_of_date,
        -- Facts are known from the first as-of date that is not before them.
        lag(as_of_date) over (order by as_of_date) as previous_as_of_date,
        as_of_date = max(as_of_date) over () as is_current,
        -- The current date may lie in the middle of a period, a day after the last one.
        cast(date_trunc('{{ var("snapshot_period") }}', {{ dbt.dateadd("day", 1, "as_of_date") }}) as date)
        = cast({{ dbt.dateadd("day", 1, "as_of_date") }} as date) as is_period_end
    from all_dates

)

select * from final
