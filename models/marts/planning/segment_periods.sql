-- One row per segmentation, segment and as-of date: its size, what it brought in the period, and who came and went.
-- depends_on: {{ ref("publication_gate") }}
with history as (

    select
        segmentation,
        customer_id,
        as_of_date,
        segment_id
    from {{ ref("customer_segment_history") }}
    where segment_id is not null

),

customers as (

    select
        customer_id,
        as_of_date,
        monetary - lag(monetary, 1, 0) over (partition by customer_id order by as_of_date) as period_revenue,
        revenue_last_90_days
    from {{ ref("customer_features") }}

),

as_of_dates as (

    select * from {{ ref("as_of_dates") }}

),

sizes as (

    select
        history.segmentation,
        history.segment_id,
        history.as_of_date,
        count(*) as customers,
        {{ money_sum("customers.period_revenue") }} as period_revenue,
        {{ money_sum("customers.revenue_last_90_days") }} as revenue_last_90_days
    from history
    inner join customers
        on history.customer_id = customers.customer_id and history.as_of_date = customers.as_of_date
    group by history.segmentation, history.segment_id, history.as_of_date

),

{%- for flows, segment, other, outside, inside in [
    ("arrivals", "to_segment_id", "from_segment_id", "entered", "moved_in"),
    ("departures", "from_segment_id", "to_segment_id", "left_customers", "moved_out"),
] %}

{{ flows }} as (

    select
        segmentation,
        as_of_date,
        {{ segment }} as segment_id,
        sum(case when {{ other }} = 0 then customers else 0 end) as {{ outside }},
        sum(case when {{ other }} <> 0 then customers else 0 end) as {{ inside }}
    from {{ ref("segment_migrations") }}
    where from_segment_id <> to_segment_id
    group by segmentation, as_of_date, {{ segment }}

),
{%- endfor %}

final as (

    select
        sizes.segmentation,
        sizes.segment_id,
        sizes.as_of_date,
        as_of_dates.is_current as is_open_period,
        sizes.customers,
        -- Before the first date lies all that was known by then, which is no period.
        case when as_of_dates.previous_as_of_date is not null then cast(sizes.period_revenue as decimal(18, 4)) end
            as period_revenue,
        cast(sizes.revenue_last_90_days as decimal(18, 4)) as revenue_last_90_days,
        cast(coalesce(arrivals.entered, 0) as bigint) as entered,
        cast(coalesce(arrivals.moved_in, 0) as bigint) as moved_in,
        cast(coalesce(departures.moved_out, 0) as bigint) as moved_out,
        cast(coalesce(departures.left_customers, 0) as bigint) as left_customers,
        worth.lifetime_value
    from sizes
    inner join as_of_dates on sizes.as_of_date = as_of_dates.as_of_date
    left join {{ ref("segment_value") }} as worth
        on
            sizes.segmentation = worth.segmentation
            and sizes.segment_id = worth.segment_id
            and as_of_dates.is_current
    left join arrivals
        on
            sizes.segmentation = arrivals.segmentation
            and sizes.segment_id = arrivals.segment_id
            and sizes.as_of_date = arrivals.as_of_date
    left join departures
        on
            sizes.segmentation = departures.segmentation
            and sizes.segment_id = departures.segment_id
            and sizes.as_of_date = departures.as_of_date

)

select * from final
