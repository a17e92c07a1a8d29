-- One row per customer and as-of date at which orders stood that were cancelled later: what they add to that date.
with cancelled as (

    select *
    from {{ ref("int_orders") }}
    where cancelled_on is not null and order_kind <> 'no_valid_lines' and {{ changed_only("customer_id") }}

),

as_of_dates as (

    select * from {{ ref("as_of_dates") }}

),

final as (

    select
        cancelled.customer_id,
        as_of_dates.as_of_date,
        {{ order_sums("cancelled.") }}
    from cancelled
    inner join as_of_dates
        on
            cancelled.as_of_date <= as_of_dates.as_of_date
            and cancelled.cancelled_on > as_of_dates.as_of_date
    group by cancelled.customer_id, as_of_dates.as_of_date

)

select * from final
