-- One row per shape of phone numbers: what decides how they are read, and no number. Empty where this run reads none.
with place_names as (

    select *
    from {{ ref("place_names") }}
    where kind = 'country'

),

dialled_by as (

    select
        {{ one_line("raw_accounts.phone") }} as phone,
        place_names.code as country_code
    from {{ ref("raw_accounts") }} as raw_accounts
    left join place_names
        on {{ plain_name(lower_case("raw_accounts.country")) }} = place_names.spelling
    where
        raw_accounts.phone is not null
        and ({{ changed_only("raw_accounts.customer_id") }} or not raw_accounts.is_accepted)

),

{{ dialled_phones("dialled_by") }},

final as (

    select distinct phone_shape as shape
    from dialled_phones
    where phone_shape is not null

)

select * from final
