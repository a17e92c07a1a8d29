-- One row per segmentation, customer and as-of date, by the models in force: the scored segment, the smoothed one, and
-- the smoothed one of the date before.
-- A customer moves to another segment with a clear margin, or once the segment has held for some periods. What a
-- customer was last confirmed in therefore is the smoothed segment. Without a segment nothing is carried on.
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
        coalesce(fallback, segmentation) as source,
        fallback is not null as is_fallback
    from {{ ref("segmentation_verdicts") }}

),

as_of_dates as (

    select
        as_of_date,
        is_period_end,
        row_number() over (order by as_of_date) as date_number
    from {{ ref("as_of_dates") }}

),

scores as (

    select
        configuration.segmentation,
        scores.customer_id,
        scores.as_of_date,
        scores.is_current,
        as_of_dates.date_number,
        cast(scores.segment_id as integer) as raw_segment_id,
        scores.distance,
        scores.membership,
        cast(scores.runner_up_segment_id as integer) as runner_up_segment_id,
        scores.margin,
        scores.reason,
        scores.model_version,
        coalesce(sources.is_fallback, false) as is_fallback,
        -- A date in the middle of a period adds no period to those that a segment has held.
        configuration.smoothing_periods + case when as_of_dates.is_period_end then 0 else 1 end as dates_to_hold,
        coalesce(round(scores.margin, 9) >= configuration.smoothing_margin, false) as is_clear
    from configuration
    left join sources on configuration.segmentation = sources.segmentation
    inner join {{ ref("segment_scores") }} as scores
        on coalesce(sources.source, configuration.segmentation) = scores.segmentation
    inner join as_of_dates on scores.as_of_date = as_of_dates.as_of_date
    where {{ changed_only("scores.customer_id") }}

),

compared as (

    select
        *,
        {%- for back in range(1, most_dates_to_hold()) %}
        lag(raw_segment_id, {{ back }}) over dates as segment_{{ back }}_before,
        {%- endfor %}
        {{ date_and_segment("date_number", "raw_segment_id") }} as dated_segment
    from scores
    window dates as (partition by segmentation, customer_id order by date_number)

),

confirmed as (

    select
        *,
        case
            when
                dates_to_hold is null
                or is_clear
                or segment_1_before is null
                or ({{ has_held("raw_segment_id", "dates_to_hold") }})
                then dated_segment
        end as confirmed_in
    from compared

),

final as (

    select
        segmentation,
        customer_id,
        as_of_date,
        is_current,
        raw_segment_id,
        case
            when raw_segment_id is not null
                then {{ segment_in("max(confirmed_in) over so_far") }}
        end as segment_id,
        case
            when segment_1_before is not null
                then {{ segment_in("max(confirmed_in) over before") }}
        end as previous_segment_id,
        segment_1_before as previous_raw_segment_id,
        distance,
        membership,
        runner_up_segment_id,
        case when is_current then margin end as margin,
        reason,
        is_fallback,
        model_version
    from confirmed
    window
        so_far as (partition by segmentation, customer_id order by date_number rows unbounded preceding),
        before as (
            partition by segmentation, customer_id
            order by date_number
            rows between unbounded preceding and 1 preceding
        )

)

select * from final
