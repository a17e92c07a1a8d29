-- One row per customer: what the customer is worth, how likely the customer is lapsing, and why.
-- depends_on: {{ ref("publication_gate") }}
with customers as (

    select *
    from {{ ref("current_features") }}

),

-- What is usual: the time between two orders of the customer, else of a customer in the middle.
usual as (

    select median(average_days_between_orders) as days_between_orders
    from customers
    where average_days_between_orders > 0

),

buyers as (

    select
        customers.customer_id,
        percent_rank() over (order by customers.monetary desc) as spending_rank,
        coalesce(nullif(customers.average_days_between_orders, 0), usual.days_between_orders)
            as usual_days_between_orders
    from customers
    cross join usual
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
        buyers.spending_rank,
        round(buyers.usual_days_between_orders, 1) as usual_days_between_orders,
        round({{ ratio("customers.recency_days", "buyers.usual_days_between_orders") }}, 4) as lapse_ratio
    from customers
    left join buyers on customers.customer_id = buyers.customer_id

),

final as (

    select
        customer_id,
        as_of_date,
        case
            when not has_purchased then 'none'
            when spending_rank < {{ var("service")["high_value_share"] }} then 'high'
            when spending_rank < {{ var("service")["high_value_share"] + var("service")["medium_value_share"] }}
                then 'medium'
            else 'low'
        end as value_tier,
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
                    case when spending_rank < 0.5 then 'in the top ' else 'in the bottom ' end,
                    {{ as_text("greatest(ceil(100 * least(spending_rank, 1 - spending_rank)), 1)", "integer") }},
                    ' percent of buyers; last order ', {{ as_text("recency_days") }}, ' days ago',
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
