-- One row per data set and customer with a purchase: what the models of customer value are fitted on and applied to.
-- The data set `current` ends at the as-of date; `calibration` ends earlier, and knows what followed.
-- Purchases of one day are one order. Returns lower the value of the orders; cancelled orders are none.
with as_of_dates as (

    select * from {{ ref("as_of_dates") }}

),

datasets as (

    select
        'current' as dataset,
        as_of_date as observed_until,
        as_of_date as followed_until
    from as_of_dates
    where is_current

    union all

    select
        'calibration' as dataset,
        cast({{ dbt.dateadd("day", 0 - var("value")["holdout_days"], "as_of_date") }} as date) as observed_until,
        as_of_date as followed_until
    from as_of_dates
    where is_current

),

days as (

    select
        datasets.dataset,
        datasets.observed_until,
        orders.customer_id,
        orders.ordered_on,
        orders.ordered_on <= datasets.observed_until as is_observed,
        bool_or(orders.order_kind = 'purchase') as has_purchase,
        {{ money_sum("orders.net_amount") }} as net_amount
    from {{ ref("int_orders") }} as orders
    inner join datasets
        on
            orders.ordered_on <= datasets.followed_until
            -- What is cancelled later is an order until then.
            and (
                orders.cancelled_on is null
                or (orders.ordered_on <= datasets.observed_until and orders.cancelled_on > datasets.observed_until)
            )
    where orders.order_kind in ('purchase', 'return') and {{ changed_only("orders.customer_id") }}
    group by datasets.dataset, datasets.observed_until, orders.customer_id, orders.ordered_on

),

summed as (

    select
        dataset,
        observed_until,
        customer_id,
        count_if(is_observed and has_purchase) as orders,
        min(case when is_observed and has_purchase then ordered_on end) as first_ordered_on,
        max(case when is_observed and has_purchase then ordered_on end) as last_ordered_on,
        min_by(net_amount, ordered_on) filter (where is_observed and has_purchase) as first_amount,
        {{ money_sum("case when is_observed then net_amount end") }} as net_amount,
        count_if(not is_observed and has_purchase) as later_orders,
        {{ money_sum("case when not is_observed then net_amount end") }} as later_amount
    from days
    group by dataset, observed_until, customer_id

),

final as (

    select
        dataset,
        customer_id,
        cast(orders - 1 as bigint) as repeat_orders,
        {{ days_between("first_ordered_on", "last_ordered_on") }} as days_to_last_order,
        {{ days_between("first_ordered_on", "observed_until") }} as age_days,
        {{ ratio("net_amount - first_amount", "orders - 1") }} as mean_order_value,
        cast(later_orders as bigint) as later_orders,
        later_amount
    from summed
    where orders > 0

)

select * from final
