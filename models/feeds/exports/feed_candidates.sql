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
{%- set of_platforms = [] %}
{%- for columns in platforms.values() %}
{%- for column in columns.values() if column %}
{%- do of_platforms.append("identifiers." ~ column) %}
{%- endfor %}
{%- endfor %}
{%- set bars = [] %}
{%- for kind in identifier_kinds() %}
{%- do bars.append(kind ~ "_bar") %}
{%- endfor %}
with members as (

    select
        stays.segmentation,
        stays.segment_id,
        stays.customer_id,
        {{ is_held_out("stays.segmentation", "coalesce(drawn.drawn_as, stays.customer_id)") }} as is_holdout,
        sizes.is_exported
    from {{ ref("audience_stays") }} as stays
    inner join {{ ref("audience_sizes") }} as sizes
        on stays.segmentation = sizes.segmentation and stays.segment_id = sizes.segment_id
    left join {{ ref("drawn_accounts") }} as drawn on stays.customer_id = drawn.customer_id
    where stays.is_current and {{ changed_only("stays.customer_id") }}

),

identifiers as (

    select *
    from {{ ref("feed_identifiers") }}
    where standing = 'consented' and {{ changed_only("customer_id") }}

),

barred as (

    select * from {{ ref("barred_identifiers") }}

),

-- Why an identifier must not leave, though this account may send it.
judged as (

    select
        members.segmentation,
        members.segment_id,
        members.customer_id,
        members.is_holdout,
        members.is_exported,
        identifiers.customer_id is not null as has_consented,
        {%- for kind in identifier_kinds() %}
        {#- Who is held out as well is not exported for that reason, and no other account's. #}
        case
            when not members.is_holdout or barred_{{ kind }}.reason <> '{{ bar_reasons() | last }}'
                then barred_{{ kind }}.reason
        end as {{ kind }}_bar,
        {%- endfor %}
        {{ of_platforms | join(",\n        ") }}
    from members
    left join identifiers on members.customer_id = identifiers.customer_id
    {%- for kind in identifier_kinds() %}
    left join barred as barred_{{ kind }}
        on
            members.segmentation = barred_{{ kind }}.segmentation
            and identifiers.{{ kind }}_key = barred_{{ kind }}.identifier_key
    {%- endfor %}

),

identified as (

    {%- for platform, columns in platforms.items() %}
    select
        '{{ platform }}' as platform,
        {%- for name, column in columns.items() %}
        {#- A name goes with the address or not at all. #}
        {%- set kind = name if name in identifier_kinds() else "name" %}
        {%- if column %}
        case when {{ kind }}_bar is null then {{ column }} end as {{ name }}_identifier,
        {%- else %}
        cast(null as {{ dbt.type_string() }}) as {{ name }}_identifier,
        {%- endif %}
        {%- endfor %}
        segmentation,
        segment_id,
        customer_id,
        is_holdout,
        is_exported,
        has_consented,
        {{ bars | join(",\n        ") }}
    from judged
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
                email_identifier is not null
                or phone_identifier is not null
                or (
                    first_name_identifier is not null
                    and last_name_identifier is not null
                    and zip_identifier is not null
                )
                then 'exported'
            {%- for reason in bar_reasons() %}
            when '{{ reason }}' in ({{ bars | join(", ") }})
                then '{{ reason }}'
            {%- endfor %}
            else 'no usable identifier'
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
