-- One row per customer that this run works on: the first day on which anything may be otherwise than before. What is
-- known of a customer at the close of an earlier day stands. A changed customer is another one since ever, a new one
-- from its first day or order on, and today's customer at any rate: orders may tell an earlier day than its sign-up.
-- None where everything is read anew.
with dates as (

    select
        min(as_of_date) as first_day,
        max(as_of_date) as last_day
    from {{ ref("as_of_dates") }}

),

customers as (

    select
        {{ key_hash(["customer_id"]) }} as key_hash,
        cast(signup_at as date) as signup_on
    from {{ ref("stg_customers") }}
    where {{ is_changed("customer_id") }}

),

changed_orders as (

    select * from {{ ref("changed_orders") }}

),

-- The day that an order had so far, and the day that it has now.
order_days as (

    select
        key_hash,
        ordered_on
    from changed_orders

    union all

    select
        {{ key_hash(["order_id"]) }} as key_hash,
        cast(least(ordered_at, cancelled_at) as date) as ordered_on
    from {{ ref("stg_orders_checked") }}
    where {{ is_changed("order_id") }}

),

first_order_days as (

    select
        key_hash,
        min(ordered_on) as ordered_on
    from order_days
    group by key_hash

),

days as (

    select
        changed_orders.customer_hash as key_hash,
        first_order_days.ordered_on,
        false as is_nobody
    from changed_orders
    left join first_order_days on changed_orders.key_hash = first_order_days.key_hash
    where changed_orders.customer_hash is not null

    union all

    select
        changed_keys.key_hash,
        case when changed_keys.is_new then customers.signup_on end as ordered_on,
        changed_keys.is_new and customers.key_hash is null as is_nobody
    from {{ ref("changed_keys") }} as changed_keys
    left join customers on changed_keys.key_hash = customers.key_hash
    where changed_keys.subject = 'customers'

),

final as (

    select
        changed_customers.key_hash,
        case
            -- Who was not accepted before and is not now has no past, whatever orders say.
            when bool_or(days.is_nobody) then min(dates.last_day)
            -- An order without a day says nothing about when.
            when count(days.ordered_on) = count(*) then least(min(days.ordered_on), min(dates.last_day))
            else min(dates.first_day)
        end as first_date
    from {{ ref("changed_customers") }} as changed_customers
    cross join dates
    left join days on changed_customers.key_hash = days.key_hash
    group by changed_customers.key_hash

)

select * from final
