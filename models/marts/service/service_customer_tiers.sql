-- One row per customer: what the customer is worth, how likely the customer is lapsing, and why.
-- depends_on: {{ ref("publication_gate") }}
with customers as (

    select *
    from {{ ref("current_features") }}
    where {{ changed_only("customer_id") }}

),

bands as (

    select * from {{ ref("spending_bands") }}

),

usual as (

    select max(usual_days_between_orders) as days_between_orders
    from bands

),

buyers as (

    select
        customers.customer_id,
        bands.value_tier,
        bands.place,
        -- The time between two orders of the customer, else of a customer in the middle.
        coalesce(nullif(customers.average_days_between_orders, 0), usual.days_between_orders)
            as usual_days_between_orders
    from customers
    cross join usual
    left join bands on customers.monetary >= bands.monetary_from and customers.monetary < bands.monetary_below
    where customers.has_purchased

),

measured as (

    select
        customers.customer_id,
        customers.as_of_date,
        customers.has_purchased,
        customers.purchase_status,
        customers.monetary,
        customers.recency_days,
        customers.return_rate,
        -- Nobody had bought when bands were learned.
        coalesce(buyers.value_tier, 'low') as value_tier,
        coalesce(buyers.place, 'not ranked yet') as place,
        round(buyers.usual_days_between_orders, 1) as usual_days_between_orders,
        round({{ ratio("customers.recency_days", "buyers.usual_days_between_orders") }}, 4) as lapse_ratio
    from customers
    left join buyers on customers.customer_id = buyers.customer_id

),

final as (

    select
        customer_id,
        as_of_date,
        case when has_purchased then value_tier else 'none' end as value_tier,
        case
            when not has_purchased then 'none'
            when lapse_ratio >= {{ var("service")["high_risk_ratio"] }} then 'high'
            when lapse_ratio >= {{ var("service")["medium_risk_ratio"] }} then 'medium'
            -- One buyer alone, or orders of one day alone: nobody's usual time is known.
            when lapse_ratio is null then 'unknown'
            else 'low'
        end as risk_tier,
        monetary,
        recency_days,
        usual_days_between_orders,
        lapse_ratio,
        return_rate,
        cast({{ dbt.dateadd(
            "day", "(cast(round(usual_days_between_orders, 0) as integer) - recency_days)", "as_of_date"
        ) }} as date) as expected_next_order_on,
        case
            when not has_purchased then concat('no purchase: ', purchase_status)
            else concat(
                    place,
                    '; last order ', {{ as_text("recency_days") }}, ' days ago',
                    case
                        when lapse_ratio is null then ''
                        else {{ "concat(', ', {}, ' times the usual ', {}, ' days')".format(
                            as_text("lapse_ratio", "decimal(18, 1)"),
                            as_text("usual_days_between_orders", "decimal(18, 1)")
                        ) }}
                    end
                )
        end as reason
    from measured

)

select * from final
