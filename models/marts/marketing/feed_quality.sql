-- One row per platform, audience, subject and outcome: what became of the members, and of each of their identifiers.
-- depends_on: {{ ref("publication_gate") }}
{%- set identifiers = ["email", "phone", "name", "zip", "country"] %}
with candidates as (

    select * from {{ ref("feed_candidates") }}

),

combined as (

    select
        candidates.platform,
        candidates.segmentation,
        candidates.segment_id,
        candidates.outcome,
        {%- for identifier in identifiers %}
        case when identifiers.customer_id is not null then coalesce(identifiers.{{ identifier }}_problem, 'usable') end
            as {{ identifier }}_outcome,
        {%- endfor %}
        count(*) as customers
    from candidates
    left join {{ ref("feed_identifiers") }} as identifiers on candidates.customer_id = identifiers.customer_id
    group by
        candidates.platform,
        candidates.segmentation,
        candidates.segment_id,
        candidates.outcome,
        {%- for identifier in identifiers %}
        case when identifiers.customer_id is not null then coalesce(identifiers.{{ identifier }}_problem, 'usable') end
        {{- "," if not loop.last }}
        {%- endfor %}

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

    {% for identifier in identifiers -%}
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

final as (

    select
        platform,
        segmentation,
        segment_id,
        subject,
        outcome,
        cast(sum(customers) as bigint) as customers
    from subjects
    group by platform, segmentation, segment_id, subject, outcome

)

select * from final
