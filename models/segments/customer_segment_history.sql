-- One row per segmentation, customer and as-of date, by the models in force: the scored segment, the smoothed one, and
-- the smoothed one of the date before.
-- A customer moves to another segment with a clear margin, or once the segment has held for some periods. What a
-- customer was last confirmed in therefore is the smoothed segment. Without a segment nothing is carried on.
-- In between, each date is a set of columns: windows over rows would sort all customers at all dates, twice.
-- Dates before the first change are read from this table itself: what was confirmed then stays so.
-- depends_on: {{ ref("changed_since") }} {{ ref("score_scope") }}
-- The linter loses count of indents in loops over dates.
-- noqa: disable=LT02
{%- set dates = range(1, var("snapshot_count") | int + 2) %}
with configuration as (

    select
        segmentation,
        smoothing_margin,
        smoothing_periods
    from {{ ref("resolved_configuration") }}

),

-- Where clusters are not advised, the labels of a simpler segmentation stand in their place.
sources as (

    select
        segmentation,
        coalesce(fallback, segmentation) as source
    from {{ ref("segmentation_verdicts") }}

),

as_of_dates as (

    select
        as_of_date,
        is_current,
        is_period_end,
        row_number() over (order by as_of_date) as date_number
    from {{ ref("as_of_dates") }}

),

reasons as (

    {{ numbered_reasons(ref("candidate_parameters")) | indent(4) }}

),

scores as (

    select
        configuration.segmentation,
        scores.customer_id,
        as_of_dates.date_number,
        as_of_dates.is_current,
        {{ placed(
            "cast(scores.segment_id as integer)",
            is_confirmed="configuration.smoothing_periods is null"
            ~ " or round(scores.margin, 9) >= configuration.smoothing_margin",
            reason_number="reasons.reason_number"
        ) }} as placed,
        scores.distance,
        scores.membership,
        cast(scores.runner_up_segment_id as integer) as runner_up_segment_id,
        scores.margin
    from configuration
    left join sources on configuration.segmentation = sources.segmentation
    inner join {{ ref("segment_scores") }} as scores
        on coalesce(sources.source, configuration.segmentation) = scores.segmentation
    inner join as_of_dates on scores.as_of_date = as_of_dates.as_of_date
    left join reasons on scores.reason = reasons.reason
    where {{ changed_dates("scores.customer_id", "scores.as_of_date") }}

),

{% if not is_full_run() %}
kept as (

    select
        kept.segmentation,
        kept.customer_id,
        as_of_dates.date_number,
        {{ placed_before("kept.raw_segment_id", "kept.segment_id") }} as placed
    from {{ this }} as kept
    inner join as_of_dates on kept.as_of_date = as_of_dates.as_of_date
    {{ "left" if is_full_scope(ref("score_scope")) else "inner" }} join {{ ref("changed_since") }} as since
        on {{ key_hash(["kept.customer_id"]) }} = since.key_hash
    where
        kept.as_of_date < since.first_date
        -- Of those who have not changed, only the dates that the current one looks back to.
        or (
            since.key_hash is null
            and not as_of_dates.is_current
            and as_of_dates.date_number > {{ dates | last - most_dates_to_hold() }}
        )

),
{% endif %}

all_dates as (

    select * from scores
    {%- if not is_full_run() %}
    union all
    select
        segmentation,
        customer_id,
        date_number,
        false as is_current,
        placed,
        cast(null as double) as distance,
        cast(null as double) as membership,
        cast(null as integer) as runner_up_segment_id,
        cast(null as double) as margin
    from kept
    {%- endif %}

),

spread as (

    select
        segmentation,
        customer_id,
        {%- for date in dates %}
        max(case when date_number = {{ date }} then placed end) as placed_{{ date }},
        {%- endfor %}
        -- Of the past only the segment is told.
        max(case when is_current then distance end) as distance,
        max(case when is_current then membership end) as membership,
        max(case when is_current then runner_up_segment_id end) as runner_up_segment_id,
        max(case when is_current then margin end) as margin
    from all_dates
    group by segmentation, customer_id

),

raw as (

    select
        spread.*,
        {%- for date in dates %}
        {{ placed_segment("spread.placed_" ~ date) }} as raw_{{ date }},
        {{ placed_confirmation("spread.placed_" ~ date) }} as known_{{ date }},
        {%- endfor %}
        configuration.smoothing_periods as dates_to_hold,
        -- A date in the middle of a period adds no period to those that a segment has held.
        configuration.smoothing_periods + case when as_of_dates.is_period_end then 0 else 1 end as dates_to_hold_now
    from spread
    inner join configuration on spread.segmentation = configuration.segmentation
    inner join as_of_dates on as_of_dates.is_current

),

confirmed as (

    select
        *,
        {%- for date in dates %}
        case
            when known_{{ date }} is not null then known_{{ date }}
            -- Whoever had no segment the date before gets one at once.
            {%- if date > 1 %}
            when
                raw_{{ date - 1 }} is null
                or ({{ has_held("raw", date, "dates_to_hold_now" if loop.last else "dates_to_hold") }})
                then raw_{{ date }}
            {%- else %}
            else raw_{{ date }}
            {%- endif %}
        end as confirmed_{{ date }}{{ "," if not loop.last }}
        {%- endfor %}
    from raw

),

smoothed as (

    select
        *,
        {%- for date in dates %}
        {{ last_known("confirmed", date, where_known="raw") }} as smoothed_{{ date }}{{ "," if not loop.last }}
        {%- endfor %}
    from confirmed

),

told as (

    select
        smoothed.segmentation,
        smoothed.customer_id,
        as_of_dates.as_of_date,
        as_of_dates.is_current,
        {{ value_in_slot(dates, "smoothed.placed", "as_of_dates.date_number") | indent(8) }} as placed,
        {{ value_in_slot(dates, "smoothed.raw", "as_of_dates.date_number") | indent(8) }} as raw_segment_id,
        {{ value_in_slot(dates, "smoothed.smoothed", "as_of_dates.date_number") | indent(8) }} as segment_id,
        {{ value_in_slot(dates, "smoothed.smoothed", "as_of_dates.date_number - 1") | indent(8) }}
            as previous_segment_id,
        {{ value_in_slot(dates, "smoothed.raw", "as_of_dates.date_number - 1") | indent(8) }}
            as previous_raw_segment_id,
        case when as_of_dates.is_current then smoothed.distance end as distance,
        case when as_of_dates.is_current then smoothed.membership end as membership,
        case when as_of_dates.is_current then smoothed.runner_up_segment_id end as runner_up_segment_id,
        case when as_of_dates.is_current then smoothed.margin end as margin
    from smoothed
    cross join as_of_dates

),

final as (

    select
        told.segmentation,
        told.customer_id,
        told.as_of_date,
        told.is_current,
        told.raw_segment_id,
        told.segment_id,
        told.previous_segment_id,
        told.previous_raw_segment_id,
        told.distance,
        told.membership,
        told.runner_up_segment_id,
        told.margin,
        reasons.reason
    from told
    left join reasons on {{ placed_reason("told.placed") }} = reasons.reason_number
    where told.placed >= 0

)

select * from final
