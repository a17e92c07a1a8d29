-- Every table that tells revenue, margin or value of the same customers gives one sum: by customer, from the lines of
-- the orders to the marts, and by segment, from the customers to what is said of segments. A row is a difference.
-- By definition, and taken into account here: orders without lines have no category; segment_category_affinity leaves
-- out what has no category or one that nobody bought; dim_segments rounds to hundredths; value is told of the longest
-- horizon.
{%- set horizon = var("value")["horizons_days"] | max %}
{%- set told = [
    ("revenue", "dim_segments_revenue", 0.005), ("revenue", "segment_value_revenue", 0),
    ("revenue_last_90_days", "segment_value_lately", 0), ("margin", "segment_value_margin", 0),
    ("lifetime_value", "segment_value_lifetime", 0.01), ("revenue_of_categories", "affinity_revenue", 0),
] %}
with known_categories as (

    select distinct category
    from {{ ref("segment_category_affinity") }}

),

categories as (

    select
        sold.customer_id,
        sum(sold.revenue) as revenue,
        sum(sold.margin) as margin,
        sum(case when known_categories.category is not null then sold.revenue end) as revenue_of_categories
    from {{ ref("int_customer_categories") }} as sold
    left join known_categories on sold.category = known_categories.category
    group by sold.customer_id

),

without_lines as (

    select
        customer_id,
        sum(net_amount) as revenue
    from {{ ref("int_orders") }}
    where not has_lines and cancelled_on is null
    group by customer_id

),

customers as (

    select
        customers.customer_id,
        customers.monetary,
        customers.revenue_last_90_days,
        coalesce(categories.revenue, 0) + coalesce(without_lines.revenue, 0) as revenue_of_orders,
        categories.margin,
        categories.revenue_of_categories,
        purchases.net_amount,
        worth.lifetime_value
    from {{ ref("dim_customers") }} as customers
    left join categories on customers.customer_id = categories.customer_id
    left join without_lines on customers.customer_id = without_lines.customer_id
    left join {{ ref("int_current_purchases") }} as purchases on customers.customer_id = purchases.customer_id
    left join {{ ref("fct_customer_value") }} as worth
        on customers.customer_id = worth.customer_id and worth.horizon_days = {{ horizon }}

),

-- Whoever has only sent goods back, or cancelled, is in no model of value.
differing_customers as (

    select
        'a customer' as what,
        customer_id as which,
        monetary as customers_say,
        case when monetary <> revenue_of_orders then revenue_of_orders else net_amount end as table_says
    from customers
    where monetary <> revenue_of_orders or monetary <> net_amount

),

labelled as (

    select
        labels.{{ label_columns() | join(", labels.") }},
        sum(customers.monetary) as revenue,
        sum(customers.revenue_last_90_days) as revenue_last_90_days,
        sum(customers.margin) as margin,
        sum(customers.revenue_of_categories) as revenue_of_categories,
        {{ exact_total("customers.lifetime_value") }} as lifetime_value
    from {{ ref("customer_labels") }} as labels
    inner join customers on labels.customer_id = customers.customer_id
    group by labels.{{ label_columns() | join(", labels.") }}

),

of_segments as (

    {{ by_segmentation("labelled", {
        "revenue": "decimal(38, 4)", "revenue_last_90_days": "decimal(38, 4)", "margin": "decimal(38, 4)",
        "revenue_of_categories": "decimal(38, 4)", "lifetime_value": "decimal(38, 6)",
    }) | indent(4) }}

),

segments as (

    select
        segmentation,
        segment_id,
        sum(revenue) as revenue,
        sum(revenue_last_90_days) as revenue_last_90_days,
        sum(margin) as margin,
        sum(revenue_of_categories) as revenue_of_categories,
        sum(lifetime_value) as lifetime_value
    from of_segments
    group by segmentation, segment_id

),

affinities as (

    select
        segmentation,
        segment_id,
        sum(revenue) as revenue
    from {{ ref("segment_category_affinity") }}
    group by segmentation, segment_id

),

compared as (

    select
        segments.*,
        dim_segments.revenue as dim_segments_revenue,
        segment_value.revenue as segment_value_revenue,
        segment_value.revenue_last_90_days as segment_value_lately,
        segment_value.margin as segment_value_margin,
        segment_value.lifetime_value as segment_value_lifetime,
        affinities.revenue as affinity_revenue
    from segments
    left join {{ ref("dim_segments") }} as dim_segments
        on segments.segmentation = dim_segments.segmentation and segments.segment_id = dim_segments.segment_id
    left join {{ ref("segment_value") }} as segment_value
        on segments.segmentation = segment_value.segmentation and segments.segment_id = segment_value.segment_id
    left join affinities
        on segments.segmentation = affinities.segmentation and segments.segment_id = affinities.segment_id

),

final as (

    select
        what,
        which,
        cast(customers_say as double) as customers_say,
        cast(table_says as double) as table_says
    from differing_customers
    {%- for customers_say, table_says, tolerance in told %}

    union all

    select
        '{{ table_says }}' as what,
        concat(segmentation, '/', cast(segment_id as string)) as which,
        cast({{ customers_say }} as double) as customers_say,
        cast({{ table_says }} as double) as table_says
    from compared
    where
        abs(coalesce({{ customers_say }}, 0) - coalesce({{ table_says }}, 0)) > {{ tolerance }}
    {%- endfor %}

)

select * from final
