-- One row per segmentation and customer that this run works on: where the customer is at each as-of date, in a column
-- for each, and how the score of the current date came about. Windows over rows would sort all customers at all dates,
-- twice. Dates before the first change are read from the history as it stands: what was confirmed then stays so.
-- depends_on: {{ ref("changed_since") }} {{ ref("score_scope") }}
{#- By name, as it comes after this one. -#}
{%- set history = this.incorporate(path={"identifier": "customer_segment_history"}) %}
{#- What was published lies behind the gate: a ref would close a circle. -#}
{%- set published = earlier(this.incorporate(path={
    "schema": generate_schema_name("publication", model), "identifier": "published_segments",
})) %}
{%- set dates = range(1, var("snapshot_count") | int + 2) %}
with in_force as (

    select
        segmentation,
        cast({{ parameter("model", "in_force_since", value="value_string") }} as date) as since
    from {{ ref("candidate_parameters") }}
    group by segmentation

),

configuration as (

    select
        configured.segmentation,
        -- Where clusters are not advised, the labels of a simpler segmentation stand in their place.
        coalesce(verdicts.fallback, configured.segmentation) as scored_by,
        configured.smoothing_margin,
        configured.smoothing_periods,
        -- Up to the first date of a model nobody was told a segment of it: there is nothing to be loyal to.
        (
            select min(dates.as_of_date)
            from {{ ref("as_of_dates") }} as dates
            where dates.as_of_date >= in_force.since
        ) as first_told_on
    from {{ ref("resolved_configuration") }} as configured
    left join {{ ref("segmentation_verdicts") }} as verdicts on configured.segmentation = verdicts.segmentation
    left join in_force on coalesce(verdicts.fallback, configured.segmentation) = in_force.segmentation

),

as_of_dates as (

    select
        as_of_date,
        previous_as_of_date,
        is_current,
        row_number() over (order by as_of_date) as date_number
    from {{ ref("as_of_dates") }}

),

told as (

    {% if published -%}
    select
        segmentation,
        customer_id,
        min(as_of_date) as first_told_on
    from {{ published }}
    where
        segmentation in (select segmentation from configuration where smoothing_periods is not null)
        and {{ changed_only("customer_id") }}
    group by segmentation, customer_id
    {%- else -%}
    {{ no_rows({"segmentation": "string", "customer_id": "string", "first_told_on": "date"}) }}
    {%- endif %}

),

-- Customers of whom a segment was first told when the model was in force already, or never yet. They are few.
newcomers as (

    select
        configuration.segmentation,
        customers.customer_id,
        told.first_told_on
    from configuration
    cross join {{ ref("current_features") }} as customers
    left join told
        on configuration.segmentation = told.segmentation and customers.customer_id = told.customer_id
    where
        configuration.smoothing_periods is not null
        and configuration.first_told_on < (select max(dates.as_of_date) from as_of_dates as dates)
        and (told.first_told_on is null or told.first_told_on > configuration.first_told_on)
        and {{ changed_only("customers.customer_id") }}

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
        -- Up to the first date that was told, the scored segment is the segment, however old the orders are.
        {{ placed(
            "cast(scores.segment_id as integer)",
            is_confirmed="configuration.smoothing_periods is null"
            ~ " or scores.as_of_date <= configuration.first_told_on"
            ~ " or (newcomers.customer_id is not null"
            ~ " and coalesce(as_of_dates.previous_as_of_date < newcomers.first_told_on, true))"
            ~ " or round(scores.margin, 9) >= configuration.smoothing_margin",
            reason_number="reasons.reason_number"
        ) }} as placed,
        scores.distance,
        scores.membership,
        cast(scores.runner_up_segment_id as integer) as runner_up_segment_id,
        scores.margin
    from configuration
    inner join {{ ref("segment_scores") }} as scores on configuration.scored_by = scores.segmentation
    inner join as_of_dates on scores.as_of_date = as_of_dates.as_of_date
    left join reasons on scores.reason = reasons.reason
    left join newcomers
        on configuration.segmentation = newcomers.segmentation and scores.customer_id = newcomers.customer_id
    where {{ changed_dates("scores.customer_id", "scores.as_of_date") }}

),

{% if not is_full_run() %}
-- The number of the first date that is made anew; that of today for those who have not changed.
first_numbers as (

    select
        since.key_hash,
        min(as_of_dates.date_number) as first_number
    from {{ ref("changed_since") }} as since
    inner join as_of_dates on since.first_date <= as_of_dates.as_of_date
    group by since.key_hash

),

-- Of the dates before it, those that it looks back to. Each tells the smoothed segment of its time, so no more are asked.
kept as (

    select
        kept.segmentation,
        kept.customer_id,
        as_of_dates.date_number,
        {{ placed_before("kept.raw_segment_id", "kept.segment_id") }} as placed
    from {{ history }} as kept
    inner join as_of_dates on kept.as_of_date = as_of_dates.as_of_date
    {{ "left" if is_full_scope(ref("score_scope")) else "inner" }} join first_numbers
        on {{ key_hash(["kept.customer_id"]) }} = first_numbers.key_hash
    where
        as_of_dates.date_number < coalesce(first_numbers.first_number, {{ dates | last }})
        and as_of_dates.date_number
        > coalesce(first_numbers.first_number, {{ dates | last }}) - {{ most_dates_to_hold() }}
        and as_of_dates.date_number
        > (select coalesce(min(numbers.first_number), {{ dates | last }}) from first_numbers as numbers)
        - {{ most_dates_to_hold() }}

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

final as (

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

)

select * from final
