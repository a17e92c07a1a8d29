-- One row per segmentation, customer and as-of date, by the models in force: the scored segment, the smoothed one, and
-- the smoothed one of the date before.
-- A customer moves to another segment with a clear margin, or once the segment has held for some periods. What a
-- customer was last confirmed in therefore is the smoothed segment. Without a segment nothing is carried on.
-- Nothing ephemeral is read here: dbt would parse the statement, which grows with the number of dates, and refuse it.
-- depends_on: {{ ref("changed_since") }} {{ ref("score_scope") }}
-- The linter loses count of indents in loops over dates.
-- noqa: disable=LT02
{%- set dates = range(1, var("snapshot_count") | int + 2) %}
with places as (

    select * from {{ ref("customer_places") }}

),

configuration as (

    select
        segmentation,
        smoothing_periods
    from {{ ref("resolved_configuration") }}

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

raw as (

    select
        places.*,
        {%- for date in dates %}
        {{ placed_segment("places.placed_" ~ date) }} as raw_{{ date }},
        {{ placed_confirmation("places.placed_" ~ date) }} as known_{{ date }},
        {%- endfor %}
        configuration.smoothing_periods as dates_to_hold,
        -- A date in the middle of a period adds no period to those that a segment has held.
        configuration.smoothing_periods + case when as_of_dates.is_period_end then 0 else 1 end as dates_to_hold_now
    from places
    inner join configuration on places.segmentation = configuration.segmentation
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
