-- One row per platform, audience, subject and outcome: what became of the members, and of each of their identifiers.
-- depends_on: {{ ref("publication_gate") }}
with candidates as (

    select * from {{ ref("feed_candidates") }}

),

identifiers as (

    select
        customer_id,
        coalesce(email_problem, 'usable') as email_outcome,
        coalesce(phone_problem, 'usable') as phone_outcome,
        coalesce(name_problem, 'usable') as name_outcome,
        coalesce(zip_problem, 'usable') as zip_outcome,
        coalesce(country_problem, 'usable') as country_outcome
    from {{ ref("feed_identifiers") }}

),

combined as (

    select
        candidates.platform,
        candidates.segmentation,
        candidates.segment_id,
        candidates.outcome,
        identifiers.email_outcome,
        identifiers.phone_outcome,
        identifiers.name_outcome,
        identifiers.zip_outcome,
        identifiers.country_outcome,
        count(*) as customers
    from candidates
    left join identifiers on candidates.customer_id = identifiers.customer_id
    group by
        candidates.platform,
        candidates.segmentation,
        candidates.segment_id,
        candidates.outcome,
        identifiers.email_outcome,
        identifiers.phone_outcome,
        identifiers.name_outcome,
        identifiers.zip_outcome,
        identifiers.country_outcome

),

subjects as (

    select
        platform,
        segmentation,
        segment_id,
        'member' as subject,
        outcome,
        customers
    from combined

    {% for identifier in ["email", "phone", "name", "zip", "country"] -%}
    union all

    select
        platform,
        segmentation,
        segment_id,
        '{{ identifier }}' as subject,
        {{ identifier }}_outcome as outcome,
        customers
    from combined
    where {{ identifier }}_outcome is not null

    {% endfor %}

),

counted as (

    select
        platform,
        segmentation,
        segment_id,
        subject,
        outcome,
        cast(sum(customers) as bigint) as customers
    from subjects
    group by platform, segmentation, segment_id, subject, outcome

),

last_export as (

    {{ last_export() | indent(4) }}

),

this_export as (

    select cast(coalesce(max(changes.export_number), max(last_export.export_number)) as integer) as export_number
    from last_export
    left join {{ ref("feed_changes") }} as changes on true

),

final as (

    select
        counted.*,
        this_export.export_number
    from counted
    cross join this_export

)

select * from final
