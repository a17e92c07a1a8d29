-- One row per order of which lasting tables make rows anew, and customer whose it is or was: those that this run works
-- on and, on a new day of a period, all since the period began. They belong to another as-of date now.
with changed_orders as (

    select distinct
        key_hash,
        customer_hash
    from {{ ref("changed_orders") }}

),

last_end as (

    select max(as_of_date) as ended_on
    from {{ ref("as_of_dates") }}
    where not is_current

),

of_this_period as (

    select
        {{ key_hash(["orders.order_id"]) }} as key_hash,
        {{ key_hash(["orders.customer_id"]) }} as customer_hash
    from {{ ref("stg_orders") }} as orders
    cross join last_end
    where
        {{ "true" if has_new_day(ref("feature_scope")) else "false" }}
        and (
            last_end.ended_on is null
            or cast(orders.ordered_at as date) > last_end.ended_on
            -- Known from its day, which had not come before.
            or cast(orders.cancelled_at as date) > last_end.ended_on
        )

),

final as (

    select * from changed_orders
    union
    select * from of_this_period

)

select * from final
