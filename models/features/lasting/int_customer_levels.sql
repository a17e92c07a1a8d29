-- One row per customer and as-of date with new orders: the leading category, channel and week part so far, packed.
-- An order that is cancelled later still shows a preference, so later cancellations never change an earlier row.
with orders as (

    select
        customer_id,
        as_of_date,
        channel as preferred_channel,
        {{ week_part("ordered_at", "ordered_on") }} as preferred_week_part
    from {{ ref("int_orders") }}
    where
        order_kind = 'purchase'
        and (cancelled_on is null or cancelled_on > ordered_on)
        and {{ changed_only("customer_id") }}

),

bought_lines as (

    select
        customer_id,
        as_of_date,
        category as preferred_category
    from {{ ref("int_order_lines") }}
    where quantity > 0 and {{ changed_only("customer_id") }}

),

channels as (

    {{ leading_level("orders", "preferred_channel") }}

),

week_parts as (

    {{ leading_level("orders", "preferred_week_part") }}

),

categories as (

    {{ leading_level("bought_lines", "preferred_category") }}

),

final as (

    select
        coalesce(week_parts.customer_id, categories.customer_id) as customer_id,
        coalesce(week_parts.as_of_date, categories.as_of_date) as as_of_date,
        categories.preferred_category,
        channels.preferred_channel,
        week_parts.preferred_week_part
    from week_parts
    left join channels
        on week_parts.customer_id = channels.customer_id and week_parts.as_of_date = channels.as_of_date
    full outer join categories
        on week_parts.customer_id = categories.customer_id and week_parts.as_of_date = categories.as_of_date

)

select * from final
