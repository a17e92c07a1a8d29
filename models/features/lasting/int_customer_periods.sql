-- One row per customer and as-of date that brought news of the customer: what became known in that period.
-- Every customer has a row at the date from which the customer is known, if only of zeros.
with orders as (

    select
        *,
        -- A cancelled order counts at the dates before its cancellation alone: see int_cancelled_orders.
        cancelled_on is null as is_kept
    from {{ ref("int_orders") }}
    where {{ changed_only("customer_id") }}

),

order_news as (

    select
        customer_id,
        as_of_date,
        {{ order_sums(counts="is_kept") }},
        count(*) as orders_placed,
        count(case when order_kind = 'no_valid_lines' then 1 end) as orders_without_lines
    from orders
    group by customer_id, as_of_date

),

first_orders as (

    select
        customer_id,
        min(ordered_on) as first_order_on
    from orders
    group by customer_id

),

known_from as (

    select
        customers.customer_id,
        min(as_of_dates.as_of_date) as as_of_date
    from {{ ref("stg_customers") }} as customers
    left join first_orders on customers.customer_id = first_orders.customer_id
    inner join {{ ref("as_of_dates") }} as as_of_dates
        on
            -- Whoever signed up after the as-of date is still a customer of today.
            as_of_dates.is_current
            -- least passes over nulls on every engine; with neither date a customer was always there.
            or as_of_dates.as_of_date >= coalesce(
                least(cast(customers.signup_at as date), first_orders.first_order_on), as_of_dates.as_of_date
            )
    where {{ changed_only("customers.customer_id") }}
    group by customers.customer_id

),

news as (

    select
        coalesce(order_news.customer_id, known_from.customer_id) as customer_id,
        coalesce(order_news.as_of_date, known_from.as_of_date) as as_of_date,
        {%- for column in period_counts() + period_amounts() %}
        coalesce(order_news.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        order_news.first_purchase_on,
        order_news.last_purchase_on
    from order_news
    full outer join known_from
        on order_news.customer_id = known_from.customer_id and order_news.as_of_date = known_from.as_of_date

),

final as (

    select
        news.*,
        coalesce(assortment.new_products, 0) as new_products,
        coalesce(assortment.new_categories, 0) as new_categories,
        levels.preferred_category,
        levels.preferred_channel,
        levels.preferred_week_part
    from news
    left join {{ ref("int_customer_assortment") }} as assortment
        on news.customer_id = assortment.customer_id and news.as_of_date = assortment.as_of_date
    left join {{ ref("int_customer_levels") }} as levels
        on news.customer_id = levels.customer_id and news.as_of_date = levels.as_of_date

)

select * from final
