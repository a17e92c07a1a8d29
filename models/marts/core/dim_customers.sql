-- One row per customer: the features at the as-of date. No name, address or other personal identifier is carried here.
-- depends_on: {{ ref("publication_gate") }}
with features as (

    select *
    from {{ ref("current_features") }}
    where {{ changed_only("customer_id") }}

),

final as (

    select
        customer_id,
        as_of_date,
        has_purchased,
        purchase_status,

        ---------- orders
        recency_days,
        frequency,
        monetary,
        tenure_days,
        average_order_value,
        average_days_between_orders,
        items_per_order,
        distinct_products,
        distinct_categories,
        discount_share,
        return_rate,
        weekend_share,
        revenue_last_90_days,
        revenue_trend_90_days,
        preferred_category,
        preferred_channel,
        preferred_week_part,

        ---------- customers
        age,
        signup_tenure_days,
        gender,
        country,
        region,
        acquisition_channel,
        marketing_consent
    from features

)

select * from final
