-- One row per account row: of consenting customers the identifiers of each platform, hashed by its rules, and what is
-- wrong with those that are missing; of everybody the keys by which two accounts with one identifier find each other.
-- Plain values are read here and go no further.
-- depends_on: {{ ref("erased_identifiers") }}
{%- set released = [] %}
{%- for name in [
    "email_address", "google_email", "phone_number", "first_name", "last_name", "postal_code", "country_code",
    "meta_first_name", "meta_last_name", "meta_city", "meta_state", "meta_zip", "has_address", "email_is_missing",
    "phone_problem", "country_is_missing",
] %}
    {%- do released.append("case when standing = 'consented' then " ~ name ~ " end as " ~ name) %}
{%- endfor %}
with accounts as (

    select
        customer_id,
        standing,
        is_accepted,
        signup_at,
        {{ email_address("email") }} as email_address,
        {{ phone_number("phone") }} as phone_number,
        {{ filled("lower(trim(first_name))") }} as first_name,
        {{ filled("lower(trim(last_name))") }} as last_name,
        {{ filled("lower(trim(city))") }} as city,
        {{ filled("lower(trim(region))") }} as state,
        {{ filled("trim(postal_code)") }} as postal_code,
        case when {{ regexp_like("country", "^[A-Z][A-Z]$") }} then country end as country_code,
        {{ filled("trim(email)") }} is null as email_is_missing,
        {{ phone_problem("phone") }} as phone_problem,
        {{ filled("trim(country)") }} is null as country_is_missing
    from {{ ref("raw_accounts") }}
    where {{ changed_only("customer_id") }}

),

rewritten as (

    select
        *,
        {{ google_email("email_address") }} as google_email,
        first_name is not null and last_name is not null and country_code is not null and postal_code is not null
            as has_address,
        -- By which postal codes are compared: an account that says no country may be the same person's.
        {{ compared_zip("postal_code") }} as compared_zip,
        {{ filled(without_characters("first_name", punctuation())) }} as meta_first_name,
        {{ filled(without_characters("last_name", punctuation())) }} as meta_last_name,
        {{ filled(without_characters("city", punctuation() ~ " ")) }} as meta_city,
        {{ filled(without_characters("state", punctuation() ~ " ")) }} as meta_state,
        -- Of an American code the first five digits count, of others all of it.
        {{ filled(
            "case when country_code = 'US' then substr(" ~ without_characters("lower(postal_code)", " -")
            ~ ", 1, 5) else " ~ without_characters("lower(postal_code)", " -") ~ " end"
        ) }} as meta_zip
    from accounts

),

-- One spelling for all platforms, that of the one which takes most for equal: the mailbox of `j.doe@gmail.com` is that
-- of `jdoe@gmail.com`, wherever it is sent.
keyed as (

    select
        *,
        {{ identifier_key("email", ["google_email"]) }} as email_key,
        {{ identifier_key("phone", ["phone_number"]) }} as phone_key,
        {{ identifier_key("name", ["meta_first_name", "meta_last_name", "compared_zip"]) }} as name_key
    from rewritten

),

-- Of those who have not consented no value goes further than this, not even hashed.
released as (

    select
        customer_id,
        standing,
        is_accepted,
        signup_at,
        email_key,
        phone_key,
        name_key,
        {{ released | join(",\n        ") }}
    from keyed

),

final as (

    select
        customer_id,
        standing,
        is_accepted,
        signup_at,
        email_key,
        phone_key,
        name_key,

        ---------- Google: an address counts only as a whole
        {{ sha256("google_email") }} as google_email_sha256,
        {{ sha256("'+' || phone_number") }} as google_phone_sha256,
        case when has_address then {{ sha256("first_name") }} end as google_first_name_sha256,
        case when has_address then {{ sha256("last_name") }} end as google_last_name_sha256,
        case when has_address then postal_code end as google_zip,
        case when has_address then country_code end as google_country,

        ---------- Meta
        {{ sha256("email_address") }} as meta_email_sha256,
        {{ sha256("phone_number") }} as meta_phone_sha256,
        {{ sha256("meta_first_name") }} as meta_first_name_sha256,
        {{ sha256("meta_last_name") }} as meta_last_name_sha256,
        {{ sha256("meta_city") }} as meta_city_sha256,
        {{ sha256("meta_state") }} as meta_state_sha256,
        {{ sha256("meta_zip") }} as meta_zip_sha256,
        {{ sha256("lower(country_code)") }} as meta_country_sha256,

        ---------- what cannot be used, and why
        case
            when email_is_missing then 'missing'
            when email_address is null then 'not an address'
        end as email_problem,
        phone_problem,
        case when first_name is null or last_name is null then 'missing' end as name_problem,
        case when postal_code is null then 'missing' end as zip_problem,
        case
            when country_is_missing then 'missing'
            when country_code is null then 'not a code of two letters'
        end as country_problem
    from released

)

select * from final
