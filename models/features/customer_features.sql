-- One row per customer and as-of date: every feature, computed from what was known at the close of that date.
-- Shares and averages over nothing are null: there is nothing to say. Counts and sums over nothing are zero.
with snapshots as (

    select * from {{ ref("int_customer_snapshots") }}

),

customers as (

    select
        *,
        cast(signup_at as date) as signup_on
    from {{ ref("stg_customers") }}
    where {{ changed_only("customer_id") }}

),

final as (

    select
        snapshots.customer_id,
        snapshots.as_of_date,
        snapshots.is_current,
        snapshots.purchases > 0 as has_purchased,
        case
            when snapshots.purchases > 0 then 'purchased'
            when snapshots.return_orders > 0 then 'returns_only'
            when snapshots.orders_placed > snapshots.orders_without_lines then 'cancelled_only'
            when snapshots.orders_placed > 0 then 'no_valid_lines'
            else 'no_orders'
        end as purchase_status,

        ---------- orders: how recently, how often, how much
        {{ days_between("snapshots.last_purchase_on", "snapshots.as_of_date") }}
            as recency_days,
        cast(snapshots.purchases as integer) as frequency,
        cast(snapshots.net_amount as decimal(18, 4)) as monetary,
        {{ days_between("snapshots.first_purchase_on", "snapshots.as_of_date") }}
            as tenure_days,
        {{ ratio("snapshots.gross_amount - snapshots.discount_amount", "snapshots.purchases") }}
            as average_order_value,
        {{ ratio(
            days_between("snapshots.first_purchase_on", "snapshots.last_purchase_on"),
            "snapshots.purchases - 1"
        ) }} as average_days_between_orders,

        ---------- orders: what is in them
        {{ ratio("snapshots.items", "snapshots.purchases") }} as items_per_order,
        cast(snapshots.distinct_products as integer) as distinct_products,
        cast(snapshots.distinct_categories as integer) as distinct_categories,
        {{ ratio("snapshots.discount_amount", "snapshots.gross_amount") }} as discount_share,
        -- More may come back than was bought in the time that the data cover; as a share it ends at one.
        case
            when snapshots.return_amount >= snapshots.gross_amount - snapshots.discount_amount
                then case when snapshots.return_amount > 0 then cast(1 as double) end
            else {{ ratio("snapshots.return_amount", "snapshots.gross_amount - snapshots.discount_amount") }}
        end as return_rate,
        {{ ratio("snapshots.weekend_purchases", "snapshots.purchases") }} as weekend_share,

        ---------- orders: where it is going
        cast(snapshots.revenue_last_90_days as decimal(18, 4)) as revenue_last_90_days,
        -- From -1 (all of it before) to 1 (all of it lately); zero when nothing moved.
        case
            when snapshots.purchases > 0
                then coalesce({{ ratio(
                    "snapshots.revenue_last_90_days - snapshots.revenue_previous_90_days",
                    "abs(snapshots.revenue_last_90_days) + abs(snapshots.revenue_previous_90_days)"
                ) }}, 0)
        end as revenue_trend_90_days,
        snapshots.preferred_category,
        snapshots.preferred_channel,
        snapshots.preferred_week_part,

        ---------- customers: undated, so as they are known today, but for what a date makes of them
        cast(
            extract(year from snapshots.as_of_date) - extract(year from customers.birth_date)
            - case
                when
                    extract(month from snapshots.as_of_date) * 100 + extract(day from snapshots.as_of_date)
                    < extract(month from customers.birth_date) * 100 + extract(day from customers.birth_date)
                    then 1
                else 0
            end as integer
        ) as age,
        case
            when customers.signup_on is not null
                then greatest({{ days_between("customers.signup_on", "snapshots.as_of_date") }}, 0)
        end as signup_tenure_days,
        customers.gender,
        customers.country,
        customers.region,
        customers.acquisition_channel,
        {%- for attribute in var("attributes") %}
        customers.{{ attribute }},
        {%- endfor %}
        customers.marketing_consent
    from snapshots
    inner join customers on snapshots.customer_id = customers.customer_id
    where {{ changed_dates("snapshots.customer_id", "snapshots.as_of_date") }}

)

select * from final
