-- One row per member key, as a hash, of which feeds make rows anew: those that customers whom this run works on have
-- had and those that they have now. None where all members are looked at.
with final as (

    select key_hash
    from {{ ref("left_members") }}

    union

    select {{ key_hash(["member_key"]) }} as key_hash
    from {{ ref("feed_candidates") }}
    where
        {{ "false" if is_full_run() else "true" }}
        and {{ is_changed("customer_id") }}

)

select * from final
