-- One row per segmentation, segment, base date and periods ahead: the size that the migrations of the three periods up
-- to the base date lead to, by a Markov chain, and, where that date has come, the true one.
-- depends_on: {{ ref("publication_gate") }}
{%- set periods_ahead = [1, 2, 3] %}
with flows as (

    select * from {{ ref("int_segment_flows") }}

),

ahead_0 as (

    select
        segmentation,
        base_number,
        to_segment_id as segment_id,
        cast(sum(last_customers) as double) as customers
    from flows
    where to_segment_id <> 0 and last_customers > 0
    group by segmentation, base_number, to_segment_id

),

{%- for periods in periods_ahead %}

ahead_{{ periods }} as (

    {{ moved_on("ahead_" ~ (periods - 1), "flows") | indent(4) }}

),
{%- endfor %}

projected as (

    {%- for periods in periods_ahead %}
    select
        ahead_{{ periods }}.*,
        cast({{ periods }} as integer) as periods_ahead
    from ahead_{{ periods }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

base_dates as (

    select distinct
        base_number,
        base_date,
        has_whole_memory
    from flows

),

compared as (

    select
        projected.segmentation,
        projected.segment_id,
        base_dates.base_date,
        projected.periods_ahead,
        round(projected.customers, 4) as projected_customers,
        cast(coalesce(ahead_0.customers, 0) as bigint) as base_customers,
        case when later_dates.base_date is not null then cast(coalesce(later.customers, 0) as bigint) end
            as actual_customers
    from projected
    inner join base_dates on projected.base_number = base_dates.base_number and base_dates.has_whole_memory
    left join base_dates as later_dates
        on projected.base_number + projected.periods_ahead = later_dates.base_number
    left join ahead_0
        on
            projected.segmentation = ahead_0.segmentation
            and projected.segment_id = ahead_0.segment_id
            and projected.base_number = ahead_0.base_number
    left join ahead_0 as later
        on
            projected.segmentation = later.segmentation
            and projected.segment_id = later.segment_id
            and projected.base_number + projected.periods_ahead = later.base_number

),

final as (

    select
        *,
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
