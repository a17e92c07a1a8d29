-- One row per accepted order, with its amounts, what kind of fact it is and the dates from which that is known.
-- purchase: something was bought. return: lines of negative quantity alone. no_valid_lines: nothing usable is left.
with orders as (

    select
        *,
        cast(ordered_at as date) as ordered_on,
        case
            when cancelled_at is not null then cast(cancelled_at as date)
            -- A status without a date counts from the day of the order: there is no better knowledge.
            when status in ({{ quoted_list(var("cancelled_statuses") or []) }}) then cast(ordered_at as date)
        end as cancelled_on
    from {{ ref("stg_orders") }}
    where {{ changed_only("order_id") }}

),

line_totals as (

    select
        order_id,
        {{ money_sum("case when quantity > 0 then quantity end") }} as items,
        {{ money_sum("case when quantity > 0 then amount end") }} as gross_amount,
        {{ money_sum("case when quantity > 0 then discount_amount end") }} as discount_amount,
        {{ money_sum("case when quantity < 0 then -net_amount end") }} as return_amount,
        bool_or(quantity > 0) as has_purchase_lines,
        bool_or(quantity < 0) as has_return_lines
    from {{ ref("int_order_lines") }}
    where {{ changed_only("order_id") }}
    group by order_id

),

as_of_dates as (

    select * from {{ ref("as_of_dates") }}

),

amounts as (

    select
        orders.order_id,
        orders.customer_id,
        orders.ordered_at,
        orders.ordered_on,
        orders.cancelled_on,
        orders.channel,
        line_totals.order_id is not null as has_lines,
        case
            when line_totals.has_purchase_lines then 'purchase'
            when line_totals.has_return_lines then 'return'
            when orders.order_amount >= 0 then 'purchase'
            when orders.order_amount < 0 then 'return'
            -- Without lines to look at, an order whose amount is unknown is still a purchase.
            else '{{ "no_valid_lines" if has_input("order_items") else "purchase" }}'
        end as order_kind,
        coalesce(line_totals.items, 0) as items,
        coalesce(line_totals.gross_amount, greatest(orders.order_amount, 0), 0) as gross_amount,
        coalesce(line_totals.discount_amount, 0) as discount_amount,
        coalesce(line_totals.return_amount, greatest(-orders.order_amount, 0), 0) as return_amount
    from orders
    left join line_totals on orders.order_id = line_totals.order_id

),

final as (

    select
        amounts.order_id,
        amounts.customer_id,
        amounts.ordered_at,
        amounts.ordered_on,
        -- A cancellation after the last as-of date is not yet known.
        case when amounts.cancelled_on <= last_date.as_of_date then amounts.cancelled_on end as cancelled_on,
        as_of_dates.as_of_date,
        amounts.channel,
        amounts.order_kind,
        amounts.has_lines,
        cast(amounts.items as decimal(18, 4)) as items,
        cast(amounts.gross_amount as decimal(18, 4)) as gross_amount,
        cast(amounts.discount_amount as decimal(18, 4)) as discount_amount,
        cast(amounts.return_amount as decimal(18, 4)) as return_amount,
        cast(amounts.gross_amount - amounts.discount_amount - amounts.return_amount as decimal(18, 4)) as net_amount
    from amounts
    inner join as_of_dates
        on
            amounts.ordered_on <= as_of_dates.as_of_date
            and (
                as_of_dates.previous_as_of_date is null
                or amounts.ordered_on > as_of_dates.previous_as_of_date
            )
    inner join as_of_dates as last_date on last_date.is_current

)

select * from final
