-- One row per account row: of consenting customers the identifiers of each platform, hashed by its rules, and what is
-- wrong with those that are missing; of everybody the keys by which two accounts with one identifier find each other.
-- Plain values are read here and go no further.
-- depends_on: {{ ref("erased_identifiers") }}
{%- set released = [] %}
{%- for name in [
    "email_address", "google_email", "phone_number", "first_name", "last_name", "google_first_name", "google_last_name",
    "postal_code", "country_code", "meta_first_name", "meta_last_name", "meta_city", "meta_state", "meta_zip",
    "has_address", "email_problem", "phone_problem", "zip_problem", "country_problem",
] %}
{%- do released.append("case when standing = 'consented' then " ~ name ~ " end as " ~ name) %}
{%- endfor %}
with place_names as (

    select * from {{ ref("place_names") }}

),

phone_readings as (

    select * from {{ ref("phone_readings") }}

),

texts as (

    select
        {{ key_hash(["customer_id"]) }} as customer_hash,
        -- Nobody who is deleted at the source is named behind staging.
        case when is_accepted then customer_id end as accepted_id,
        standing,
        is_accepted,
        signup_at,
        {{ one_line("phone") }} as phone,
        {% for name in ["email", "first_name", "last_name", "city", "region", "country"] -%}
        {{ lower_case(one_line(name)) }} as {{ name }},
        {% endfor -%}
        {{ postal_text(one_line("postal_code")) }} as postal_text
    from {{ ref("raw_accounts") }}
    where {{ changed_only("customer_id") }} or not is_accepted

),

placed as (

    select
        texts.*,
        countries.code as country_code,
        {{ plain_name("texts.region") }} as plain_region
    from texts
    left join place_names as countries
        on countries.kind = 'country' and {{ plain_name("texts.country") }} = countries.spelling

),

{{ dialled_phones("placed") }},

accounts as (

    select
        phones.*,
        {{ email_address(bare_email("phones.email")) }} as email_address,
        phone_readings.put_before || substr(phones.dialled, phone_readings.dropped_digits + 1) as phone_number,
        {{ postal_code("phones.country_code", "phones.postal_text") }} as postal_code,
        regions.code as region_code
    from dialled_phones as phones
    left join phone_readings on phones.phone_shape = phone_readings.shape
    left join place_names as regions
        on
            regions.kind = 'region'
            and phones.country_code = regions.country_code
            and phones.plain_region = regions.spelling

),

rewritten as (

    select
        *,
        {{ google_email("email_address") }} as google_email,
        {{ without_titles("first_name") }} as google_first_name,
        {{ without_suffixes("last_name") }} as google_last_name,
        first_name is not null and last_name is not null and country_code is not null and postal_code is not null
            as has_address,
        -- By which postal codes are compared: an account that says no country may be the same person's.
        {{ compared_zip("postal_text") }} as compared_zip,
        {{ without_punctuation("first_name") }} as meta_first_name,
        {{ without_punctuation("last_name") }} as meta_last_name,
        {{ plain_name("city") }} as meta_city,
        -- The states of the United States go by two letters, other regions by their names.
        case when country_code = 'US' then region_code else plain_region end as meta_state,
        {{ meta_zip("country_code", "postal_code") }} as meta_zip,
        {{ email_problem() }} as email_problem,
        {{ phone_problem() }} as phone_problem,
        {{ zip_problem() }} as zip_problem,
        case
            when country is null then 'missing'
            when country_code is null then 'not a country'
        end as country_problem
    from accounts

),

-- One spelling for all platforms, that of the one which takes most for equal: the mailbox of `j.doe@gmail.com` is that
-- of `jdoe@gmail.com`, wherever it is sent, and whoever has a title in one account is the same person without it.
compared as (

    select
        *,
        {{ without_punctuation("google_first_name") }} as compared_first_name,
        {{ without_punctuation("google_last_name") }} as compared_last_name
    from rewritten

),

keyed as (

    select
        *,
        {{ identifier_key("email", ["google_email"]) }} as email_key,
        {{ identifier_key("phone", ["phone_number"]) }} as phone_key,
        {{ identifier_key("name", ["compared_first_name", "compared_last_name", "compared_zip"]) }} as name_key
    from compared

),

-- Of those who have not consented no value goes further than this, not even hashed.
released as (

    select
        customer_hash,
        accepted_id as customer_id,
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
        customer_hash,
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
        case when has_address then {{ sha256("google_first_name") }} end as google_first_name_sha256,
        case when has_address then {{ sha256("google_last_name") }} end as google_last_name_sha256,
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
        email_problem,
        phone_problem,
        case when first_name is null or last_name is null then 'missing' end as name_problem,
        zip_problem,
        country_problem
    from released

)

select * from final
