-- One row per segmentation and segment, empty ones included: how many customers, and what they brought.
with definitions as (

    select * from {{ ref("segment_definitions") }}

),

labelled as (

    select
        customer_segments.segmentation,
        customer_segments.segment_id,
        features.monetary
    from {{ ref("customer_segments") }} as customer_segments
    inner join {{ ref("current_features") }} as features on customer_segments.customer_id = features.customer_id
    where customer_segments.segment_id is not null

),

counted as (

    select
        segmentation,
        segment_id,
        count(*) as customers,
        sum(monetary) as revenue
    from labelled
    group by segmentation, segment_id

),

sized as (

    select
        definitions.*,
        coalesce(counted.customers, 0) as customers,
        cast(coalesce(counted.revenue, 0) as decimal(18, 2)) as revenue
    from definitions
    left join counted
        on definitions.segmentation = counted.segmentation and definitions.segment_id = counted.segment_id

),

final as (

    select
        *,
        round({{ ratio("customers", "sum(customers) over (partition by segmentation)") }}, 6) as share,
        round({{ ratio("revenue", "sum(revenue) over (partition by segmentation)") }}, 6) as revenue_share
    from sized

)

select * from final
