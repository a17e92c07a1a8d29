-- One row per customer and as-of date: what had added up by the close of that date, orders cancelled later included.
with totals as (

    select * from {{ ref("int_customer_totals") }}

),

as_of_dates as (

    select * from {{ ref("as_of_dates") }}

),

cancelled_later as (

    select * from {{ ref("int_cancelled_orders") }}

),

trailing_revenue as (

    select * from {{ ref("int_trailing_revenue") }}

),

final as (

    select
        totals.customer_id,
        as_of_dates.as_of_date,
        as_of_dates.is_current,
        totals.orders_placed,
        totals.orders_without_lines,
        {%- for column in ["purchases", "return_orders", "weekend_purchases"] + period_amounts() %}
        totals.{{ column }} + coalesce(cancelled_later.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        -- least and greatest pass over nulls on every engine.
        least(totals.first_purchase_on, cancelled_later.first_purchase_on) as first_purchase_on,
        greatest(totals.last_purchase_on, cancelled_later.last_purchase_on) as last_purchase_on,
        totals.distinct_products,
        totals.distinct_categories,
        totals.preferred_category,
        totals.preferred_channel,
        totals.preferred_week_part,
        coalesce(trailing_revenue.revenue_last_90_days, 0) as revenue_last_90_days,
        coalesce(trailing_revenue.revenue_previous_90_days, 0) as revenue_previous_90_days
    from totals
    inner join as_of_dates
        on
            totals.as_of_date <= as_of_dates.as_of_date
            and (totals.next_as_of_date is null or totals.next_as_of_date > as_of_dates.as_of_date)
    left join cancelled_later
        on totals.customer_id = cancelled_later.customer_id and as_of_dates.as_of_date = cancelled_later.as_of_date
    left join trailing_revenue
        on totals.customer_id = trailing_revenue.customer_id and as_of_dates.as_of_date = trailing_revenue.as_of_date

)

select * from final
