-- One row per segmentation, segment, base date and periods ahead: the size that the latest migrations lead to, and,
-- where that date has come, the true one. A Markov chain: everybody moves as customers of the segment moved on average
-- over the last three periods before the base date, and as many enter as entered on average.
-- depends_on: {{ ref("publication_gate") }}
{%- set periods_ahead = 3 %}
{%- set periods_of_memory = 3 %}
with dates as (

    select
        as_of_date,
        row_number() over (order by as_of_date) as date_number
    from {{ ref("as_of_dates") }}
    -- The current period is not yet complete: its moves would be taken for those of a whole one.
    where not is_current

),

flows as (

    select
        migrations.segmentation,
        dates.date_number,
        migrations.from_segment_id,
        migrations.to_segment_id,
        migrations.customers
    from {{ ref("segment_migrations") }} as migrations
    inner join dates on migrations.as_of_date = dates.as_of_date

),

sizes as (

    select
        segmentation,
        date_number,
        to_segment_id as segment_id,
        sum(customers) as customers
    from flows
    where to_segment_id <> 0
    group by segmentation, date_number, to_segment_id

),

remembered as (

    select
        flows.segmentation,
        dates.date_number as base_number,
        flows.from_segment_id,
        flows.to_segment_id,
        sum(flows.customers) as customers
    from flows
    inner join dates
        on
            flows.date_number <= dates.date_number
            and flows.date_number > dates.date_number - {{ periods_of_memory }}
    -- A base with a shorter memory would be compared with others that know more.
    where dates.date_number > {{ periods_of_memory }}
    group by flows.segmentation, dates.date_number, flows.from_segment_id, flows.to_segment_id

),

moves as (

    select
        segmentation,
        base_number,
        from_segment_id,
        to_segment_id,
        {{ ratio(
            "customers", "sum(customers) over (partition by segmentation, base_number, from_segment_id)"
        ) }} as probability
    from remembered
    where from_segment_id <> 0

),

entries as (

    select
        segmentation,
        base_number,
        to_segment_id as segment_id,
        cast(customers as double) / {{ periods_of_memory }} as customers
    from remembered
    where from_segment_id = 0 and to_segment_id <> 0

),

ahead_0 as (

    select
        segmentation,
        date_number as base_number,
        segment_id,
        cast(customers as double) as customers
    from sizes

),

{%- for step in range(1, periods_ahead + 1) %}

ahead_{{ step }} as (

    select
        segmentation,
        base_number,
        segment_id,
        -- Far more digits than are kept below: of a tie, one engine rounds the double and another its decimal digits.
        {{ exact_sum("customers", digits=9) }} as customers
    from (
        select
            moves.segmentation,
            moves.base_number,
            moves.to_segment_id as segment_id,
            ahead.customers * moves.probability as customers
        from ahead_{{ step - 1 }} as ahead
        inner join moves
            on
                ahead.segmentation = moves.segmentation
                and ahead.base_number = moves.base_number
                and ahead.segment_id = moves.from_segment_id
        where moves.to_segment_id <> 0
        union all
        select
            segmentation,
            base_number,
            segment_id,
            customers
        from entries
    ) as arriving
    group by segmentation, base_number, segment_id

),
{%- endfor %}

projected as (

    {%- for step in range(1, periods_ahead + 1) %}
    select
        segmentation,
        base_number,
        segment_id,
        {{ step }} as periods_ahead,
        customers
    from ahead_{{ step }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        projected.segmentation,
        projected.segment_id,
        base_dates.as_of_date as base_date,
        projected.periods_ahead,
        round(projected.customers, 4) as projected_customers,
        coalesce(base_sizes.customers, 0) as base_customers,
        case when later_dates.as_of_date is not null then coalesce(later_sizes.customers, 0) end as actual_customers
    from projected
    inner join dates as base_dates on projected.base_number = base_dates.date_number
    left join sizes as base_sizes
        on
            projected.segmentation = base_sizes.segmentation
            and projected.segment_id = base_sizes.segment_id
            and projected.base_number = base_sizes.date_number
    left join dates as later_dates
        on projected.base_number + projected.periods_ahead = later_dates.date_number
    left join sizes as later_sizes
        on
            projected.segmentation = later_sizes.segmentation
            and projected.segment_id = later_sizes.segment_id
            and projected.base_number + projected.periods_ahead = later_sizes.date_number

),

final as (

    select
        segmentation,
        segment_id,
        base_date,
        cast(periods_ahead as integer) as periods_ahead,
        projected_customers,
        cast(base_customers as bigint) as base_customers,
        cast(actual_customers as bigint) as actual_customers,
        -- The error of the method over all base dates with a known end, and that of expecting no change.
        round({{ ratio(
            exact_sum("abs(projected_customers - actual_customers)", window="partition by segmentation, periods_ahead"),
            "sum(actual_customers) over (partition by segmentation, periods_ahead)"
        ) }}, 6) as backtest_error,
        round({{ ratio(
            "sum(abs(base_customers - actual_customers)) over (partition by segmentation, periods_ahead)",
            "sum(actual_customers) over (partition by segmentation, periods_ahead)"
        ) }}, 6) as unchanged_error
    from compared

)

select * from final
