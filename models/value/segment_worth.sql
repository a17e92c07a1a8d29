-- One row per segmentation and segment, added up over its customers: what they have brought, and what may follow.
with customers as (

    select
        labels.{{ label_columns() | join(", labels.") }},
        worth.*
    from {{ ref("customer_labels") }} as labels
    inner join {{ ref("int_customer_worth") }} as worth on labels.customer_id = worth.customer_id

),

combined as (

    select
        {{ label_columns() | join(", ") }},
        count(*) as customers,
        {{ money_sum("monetary") }} as revenue,
        {{ money_sum("revenue_last_90_days") }} as revenue_last_90_days,
        {{ money_sum("revenue_previous_90_days") }} as revenue_previous_90_days,
        sum(margin) as margin,
        {{ exact_total("lifetime_value") }} as lifetime_value,
        {{ exact_total("probability_alive") }} as alive,
        count(probability_alive) as with_probability
    from customers
    group by {{ label_columns() | join(", ") }}

),

of_segments as (

    {{ by_segmentation("combined", {
        "customers": "bigint", "revenue": "decimal(18, 4)", "revenue_last_90_days": "decimal(18, 4)",
        "revenue_previous_90_days": "decimal(18, 4)", "margin": "decimal(38, 4)", "lifetime_value": "decimal(38, 6)",
        "alive": "decimal(38, 6)", "with_probability": "bigint",
    }) | indent(4) }}

),

final as (

    select
        segmentation,
        segment_id,
        cast(sum(customers) as bigint) as customers,
        {{ money_sum("revenue") }} as revenue,
        {{ money_sum("revenue_last_90_days") }} as revenue_last_90_days,
        {{ money_sum("revenue_previous_90_days") }} as revenue_previous_90_days,
        cast(sum(margin) as decimal(18, 4)) as margin,
        sum(lifetime_value) as lifetime_value,
        sum(alive) as alive,
        cast(sum(with_probability) as bigint) as with_probability
    from of_segments
    group by segmentation, segment_id

)

select * from final
