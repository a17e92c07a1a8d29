-- One row per segmentation and segment, empty ones included: how many customers, and what they brought.
with definitions as (

    select * from {{ ref("segment_definitions") }}

),

combined as (

    select
        labels.{{ label_columns() | join(", labels.") }},
        count(*) as customers,
        sum(features.monetary) as revenue
    from {{ ref("customer_labels") }} as labels
    inner join {{ ref("current_features") }} as features on labels.customer_id = features.customer_id
    group by labels.{{ label_columns() | join(", labels.") }}

),

of_segments as (

    {{ by_segmentation("combined", {"customers": "bigint", "revenue": "decimal(38, 4)"}) | indent(4) }}

),

counted as (

    select
        segmentation,
        segment_id,
        cast(sum(customers) as bigint) as customers,
        sum(revenue) as revenue
    from of_segments
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
