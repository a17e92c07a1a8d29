-- One row per platform, audience, subject and outcome: what became of the members, and of each of their identifiers.
-- depends_on: {{ ref("publication_gate") }}
with candidates as (

    select * from {{ ref("feed_candidates") }}

),

identifiers as (

    select * from {{ ref("feed_identifiers") }}

),

subjects as (

    select
        platform,
        segmentation,
        segment_id,
        'member' as subject,
        outcome
    from candidates

    {% for subject in ["email", "phone", "name", "zip", "country"] -%}
    union all

    select
        candidates.platform,
        candidates.segmentation,
        candidates.segment_id,
        '{{ subject }}' as subject,
        coalesce(identifiers.{{ subject }}_problem, 'usable') as outcome
    from candidates
    inner join identifiers on candidates.customer_id = identifiers.customer_id
    {% endfor %}

),

final as (

    select
        platform,
        segmentation,
        segment_id,
        subject,
        outcome,
        count(*) as customers
    from subjects
    group by platform, segmentation, segment_id, subject, outcome

)

select * from final
