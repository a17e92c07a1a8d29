-- One row per audience: how many customers are in it now, and whether these are enough to be exported.
with stays as (

    select * from {{ ref("audience_stays") }}

),

final as (

    select
        segmentation,
        segment_id,
        count(*) as customers,
        count(*) >= {{ var("audiences")["minimum_size"] }} as is_exported
    from stays
    where is_current
    group by segmentation, segment_id

)

select * from final
