{#- One row per customer with a purchase by the close of a day: what the customer ordered until then, and in the time
    that followed. Purchases of one day are one order. Returns lower the value of the orders; cancelled orders are none.
    orders: rows of int_orders. dates: one row with observed_until and followed_until. -#}
{% macro purchases_until(orders, dates) -%}
    select
        customer_id,
        count_if(is_observed and has_purchase) as orders,
        min(case when is_observed and has_purchase then ordered_on end) as first_ordered_on,
        max(case when is_observed and has_purchase then ordered_on end) as last_ordered_on,
        min_by(net_amount, ordered_on) filter (where is_observed and has_purchase) as first_amount,
        {{ money_sum("case when is_observed then net_amount end") }} as net_amount,
        count_if(not is_observed and has_purchase) as later_orders,
        {{ money_sum("case when not is_observed then net_amount end") }} as later_amount
    from (
        select
            orders.customer_id,
            orders.ordered_on,
            orders.ordered_on <= dates.observed_until as is_observed,
            bool_or(orders.order_kind = 'purchase') as has_purchase,
            {{ money_sum("orders.net_amount") }} as net_amount
        from {{ orders }} as orders
        inner join {{ dates }} as dates
            on
                orders.ordered_on <= dates.followed_until
                -- What is cancelled later is an order until then.
                and (
                    orders.cancelled_on is null
                    or (orders.ordered_on <= dates.observed_until and orders.cancelled_on > dates.observed_until)
                )
        where orders.order_kind in ('purchase', 'return')
        group by orders.customer_id, orders.ordered_on, orders.ordered_on <= dates.observed_until
    ) as days
    group by customer_id
    having count_if(is_observed and has_purchase) > 0
{%- endmacro %}
