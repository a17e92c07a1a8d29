-- One row per customer that this run works on: those of whom a row changed, and all who have or had a changed order.
-- None where everything is read anew.
{%- set is_full = is_full_scope(ref("refresh_scope")) %}
with changed as (

    select key_hash
    from {{ ref("changed_keys") }}
    where subject = 'customers' and {{ "false" if is_full else "true" }}

    union

    select customer_hash as key_hash
    from {{ ref("changed_orders") }}
    where customer_hash is not null

),

final as (

    select key_hash from changed

)

select * from final
