-- One row per platform, audience, subject and outcome: what became of the members, and of each of their identifiers.
-- depends_on: {{ ref("publication_gate") }}
with candidates as (

    select * from {{ ref("feed_candidates") }}

),

identifiers as (

    select
        customer_id,
        email_problem,
        phone_problem,
        name_problem,
        zip_problem,
        country_problem
    from {{ ref("feed_identifiers") }}
    where standing = 'consented'

),

-- An identifier that is no good has that reason; a good one may still be another's who must not be sent.
combined as (

    select
        candidates.platform,
        candidates.segmentation,
        candidates.segment_id,
        candidates.outcome,
        {%- for name, kind in {
            "email": "email", "phone": "phone", "name": "name", "zip": "name", "country": "name"
        }.items() %}
        case
            when identifiers.customer_id is not null
                then coalesce(identifiers.{{ name }}_problem, candidates.{{ kind }}_bar, 'usable')
        end as {{ name }}_outcome,
        {%- endfor %}
        count(*) as customers
    from candidates
    left join identifiers on candidates.customer_id = identifiers.customer_id
    group by all

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
