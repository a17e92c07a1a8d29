-- One row per segmentation and sampled customer with a purchase and a segment at the frozen date: the segment of then,
-- beside other ways to group the same customers, and what they did in the period after it.
-- The frozen date is the last as-of date that lies at least a holdout before the current one.
-- depends_on: {{ ref("learning_scope") }}
{%- set rfm = segmentations_of(["rfm"]) | first %}
with as_of_dates as (

    select
        as_of_date,
        max(as_of_date) over () as last_date,
        cast({{ dbt.dateadd("day", var("value")["holdout_days"], "as_of_date") }} as date) as measured_until
    from {{ ref("as_of_dates") }}

),

dates as (

    select
        max(as_of_date) as frozen_on,
        max(measured_until) as measured_until
    from as_of_dates
    where measured_until <= last_date

),

sample as (

    select customer_id
    from {{ ref("training_sample") }}

),

labels as (

    select
        history.segmentation,
        history.customer_id,
        history.segment_id,
        features.monetary
    from {{ ref("customer_segment_history") }} as history
    inner join dates on history.as_of_date = dates.frozen_on
    inner join sample on history.customer_id = sample.customer_id
    inner join {{ ref("customer_features") }} as features
        on history.customer_id = features.customer_id and history.as_of_date = features.as_of_date
    where history.segment_id is not null and features.has_purchased

),

outcomes as (

    select
        orders.customer_id,
        {{ money_sum("orders.net_amount") }} as later_revenue,
        bool_or(orders.order_kind = 'purchase') as is_retained
    from {{ ref("int_orders") }} as orders
    inner join dates on orders.ordered_on > dates.frozen_on and orders.ordered_on <= dates.measured_until
    inner join sample on orders.customer_id = sample.customer_id
    where orders.cancelled_on is null
    group by orders.customer_id

),

sizes as (

    select
        segmentation,
        count(distinct segment_id) as segments
    from labels
    group by segmentation

),

final as (

    select
        labels.segmentation,
        labels.customer_id,
        dates.frozen_on,
        dates.measured_until,
        labels.segment_id,
        {% if rfm -%}
        rfm.segment_id as rfm_segment_id,
        {%- else -%}
        cast(null as integer) as rfm_segment_id,
        {%- endif %}
        -- As many groups of past revenue as there are segments.
        cast(floor(
            (row_number() over (
                partition by labels.segmentation order by labels.monetary desc, labels.customer_id asc
            ) - 1) * sizes.segments / count(*) over (partition by labels.segmentation)
        ) as integer) as revenue_group,
        cast(coalesce(outcomes.later_revenue, 0) as double) as later_revenue,
        case when outcomes.is_retained then cast(1 as double) else cast(0 as double) end as is_retained
    from labels
    cross join dates
    inner join sizes on labels.segmentation = sizes.segmentation
    left join outcomes on labels.customer_id = outcomes.customer_id
    {%- if rfm %}
    left join labels as rfm on labels.customer_id = rfm.customer_id and rfm.segmentation = '{{ rfm }}'
    {%- endif %}

)

select * from final
