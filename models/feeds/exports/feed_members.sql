-- One row per platform, audience and member to be exported. Customers who share all identifiers are one member: taking
-- one of them off must not take off the other.
with final as (

    select distinct
        platform,
        segmentation,
        segment_id,
        {{ feed_columns() | join(",\n        ") }},
        member_key
    from {{ ref("feed_candidates") }}
    where outcome = 'exported' and {{ changed_only("member_key") }}

)

select * from final
