-- One row per customer, as a hash, whose exports this run works on: those who have changed, those who share an
-- identifier with one of them, now or before, and those who share one with these. A refusal of one account bars the
-- identifiers of others, and an account that others are drawn with for the hold-out group bars those of a third.
-- None where all members are looked at.
with changed_customers as (

    select * from {{ ref("changed_customers") }}
    where {{ "false" if is_full_run() else "true" }}

),

identifiers as (

    select * from {{ ref("feed_identifiers") }}

),

accounts as (

    {{ account_keys(["customer_hash"], "identifiers") }}

),

changed_keys as (

    select identifier_key
    from {{ ref("left_identifiers") }}

    union

    select identifier_key
    from accounts
    where customer_hash in (select changed_customers.key_hash from changed_customers)

),

sharing as (

    select distinct customer_hash
    from accounts
    where identifier_key in (select changed_keys.identifier_key from changed_keys)

),

keys_of_sharing as (

    select distinct identifier_key
    from accounts
    where customer_hash in (select sharing.customer_hash from sharing)

),

final as (

    select key_hash
    from changed_customers

    union

    select customer_hash as key_hash
    from accounts
    where identifier_key in (select keys_of_sharing.identifier_key from keys_of_sharing)

)

select * from final
