-- One row per audience and member, as Google Customer Match takes them: SHA-256 in lower hexadecimal digits, but for
-- the country and the postal code.
-- depends_on: {{ ref("publication_gate") }}
with members as (

    select *
    from {{ ref("feed_members") }}
    where platform = 'google' and {{ changed_only("member_key") }}

),

final as (

    select
        segmentation,
        segment_id,
        member_key,
        email_identifier as email_sha256,
        phone_identifier as phone_sha256,
        first_name_identifier as first_name_sha256,
        last_name_identifier as last_name_sha256,
        country_identifier as country_code,
        zip_identifier as zip
    from members

)

select * from final
