-- One row per platform, audience and current member: the identifiers for the platform, and why there is no export.
-- depends_on: {{ ref("left_members") }}
{%- set platforms = {
    "google": {
        "email": "google_email_sha256", "phone": "google_phone_sha256", "first_name": "google_first_name_sha256",
        "last_name": "google_last_name_sha256", "city": none, "state": none, "zip": "google_zip",
        "country": "google_country",
    },
    "meta": {
        "email": "meta_email_sha256", "phone": "meta_phone_sha256", "first_name": "meta_first_name_sha256",
        "last_name": "meta_last_name_sha256", "city": "meta_city_sha256", "state": "meta_state_sha256",
        "zip": "meta_zip_sha256", "country": "meta_country_sha256",
    },
} %}
with members as (

    select
        stays.segmentation,
        stays.segment_id,
        stays.customer_id,
        stays.is_holdout,
        sizes.is_exported
    from {{ ref("audience_stays") }} as stays
    inner join {{ ref("audience_sizes") }} as sizes
        on stays.segmentation = sizes.segmentation and stays.segment_id = sizes.segment_id
    where stays.is_current and {{ changed_only("stays.customer_id") }}

),

identifiers as (

    select *
    from {{ ref("feed_identifiers") }}
    where {{ changed_only("customer_id") }}

),

identified as (

    {%- for platform, columns in platforms.items() %}
    select
        '{{ platform }}' as platform,
        members.segmentation,
        members.segment_id,
        members.customer_id,
        {%- for name, column in columns.items() %}
        {{ "identifiers." ~ column if column else "cast(null as " ~ dbt.type_string() ~ ")" }} as {{ name }}_identifier,
        {%- endfor %}
        members.is_holdout,
        members.is_exported,
        identifiers.customer_id is not null as has_consented
    from members
    left join identifiers on members.customer_id = identifiers.customer_id
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

final as (

    select
        *,
        case
            when not has_consented then 'no consent'
            when is_holdout then 'hold-out group'
            when not is_exported then 'audience too small'
            -- A name and a postal code identify somebody, a name alone does not.
            when
                email_identifier is null
                and phone_identifier is null
                and (first_name_identifier is null or last_name_identifier is null or zip_identifier is null)
                then 'no usable identifier'
            else 'exported'
        end as outcome,
        -- Here, where it is worked out for changed customers alone.
        md5(concat(
            {%- for column in feed_columns() %}
            coalesce({{ column }}, ''){{ ", '|'," if not loop.last }}
            {%- endfor %}
        )) as member_key
    from identified

)

select * from final
