-- One row per segmentation and segment: what it brings, what may follow, and where effort pays.
-- depends_on: {{ ref("publication_gate") }}
{%- set horizon = var("value")["horizons_days"] | max %}
with labels as (

    select
        segmentation,
        segment_id,
        customer_id
    from {{ ref("customer_segments") }}
    where segment_id is not null

),

features as (

    select *
    from {{ ref("customer_features") }}
    where is_current

),

customer_values as (

    select *
    from {{ ref("customer_values") }}
    where dataset = 'current' and coalesce(horizon_days, {{ horizon }}) = {{ horizon }}

),

costs as (

    select * from {{ ref("int_customer_costs") }}

),

customers as (

    select
        labels.segmentation,
        labels.segment_id,
        labels.customer_id,
        features.monetary,
        features.revenue_last_90_days,
        features.revenue_trend_90_days,
        customer_values.probability_alive,
        customer_values.lifetime_value,
        costs.margin,
        row_number() over (
            partition by labels.segmentation, labels.segment_id order by features.monetary desc, labels.customer_id asc
        ) as spending_rank,
        count(*) over (partition by labels.segmentation, labels.segment_id) as segment_customers
    from labels
    inner join features on labels.customer_id = features.customer_id
    left join customer_values on labels.customer_id = customer_values.customer_id
    left join costs on labels.customer_id = costs.customer_id

),

summed as (

    select
        segmentation,
        segment_id,
        count(*) as customers,
        {{ money_sum("monetary") }} as revenue,
        {{ money_sum("revenue_last_90_days") }} as revenue_last_90_days,
        {{ exact_sum("cast(revenue_last_90_days as double) * revenue_trend_90_days") }} as weighted_trend,
        case when count(margin) > 0 then {{ money_sum("margin") }} end as margin,
        {{ exact_sum("lifetime_value") }} as lifetime_value,
        count(lifetime_value) as valued_customers,
        {{ ratio(exact_sum("probability_alive"), "count(probability_alive)") }} as alive_share,
        {{ ratio(
            money_sum("case when 10 * spending_rank <= segment_customers + 9 then monetary end"),
            money_sum("monetary")
        ) }} as top_decile_revenue_share
    from customers
    group by segmentation, segment_id

),

-- What a customer of the segment is worth: by the model where there is one, else by the last 90 days.
valued as (

    select
        *,
        coalesce(
            {{ ratio("lifetime_value", "valued_customers") }}, {{ ratio("revenue_last_90_days", "customers") }}
        ) as value_per_customer
    from summed

),

-- Headroom: how far the segment lies below the best one of its segmentation, per customer, as a share of the best.
compared as (

    select
        *,
        greatest(value_per_customer, 0) * customers as total_value,
        1 - {{ ratio(
            "greatest(value_per_customer, 0)", "greatest(max(value_per_customer) over (partition by segmentation), 0)"
        ) }} as headroom
    from valued

),

final as (

    select
        compared.segmentation,
        compared.segment_id,
        segments.segment_name,
        compared.customers,
        compared.revenue,
        compared.revenue_last_90_days,
        compared.margin,
        cast({{ horizon }} as integer) as horizon_days,
        round(compared.lifetime_value, 2) as lifetime_value,
        round(compared.value_per_customer, 4) as value_per_customer,
        case when compared.valued_customers > 0 then 'lifetime value' else 'revenue of the last 90 days' end
            as value_basis,
        round(compared.alive_share, 6) as alive_share,
        round(compared.top_decile_revenue_share, 6) as top_decile_revenue_share,
        round({{ ratio("compared.weighted_trend", "compared.revenue_last_90_days") }}, 6) as trend,
        round(compared.headroom, 6) as headroom,
        round(compared.total_value * compared.headroom, 2) as priority,
        cast(row_number() over (
            partition by compared.segmentation
            order by round(compared.total_value * compared.headroom, 2) desc nulls last, compared.segment_id asc
        ) as bigint) as priority_rank
    from compared
    left join {{ ref("segment_definitions") }} as segments
        on compared.segmentation = segments.segmentation and compared.segment_id = segments.segment_id

)

select * from final
