-- One row per customer of whom lasting tables make rows anew: those that this run works on, all who have or had a
-- recent order and, on a new day of a period, those who have signed up since the period began.
with last_end as (

    select max(as_of_date) as ended_on
    from {{ ref("as_of_dates") }}
    where not is_current

),

final as (

    select key_hash
    from {{ ref("changed_customers") }}

    union

    select customer_hash as key_hash
    from {{ ref("recent_orders") }}
    where customer_hash is not null

    union

    select {{ key_hash(["customers.customer_id"]) }} as key_hash
    from {{ ref("stg_customers") }} as customers
    cross join last_end
    where
        {{ "true" if has_new_day(ref("feature_scope")) else "false" }}
        and (last_end.ended_on is null or cast(customers.signup_at as date) > last_end.ended_on)

)

select * from final
