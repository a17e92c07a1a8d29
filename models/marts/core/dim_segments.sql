-- One row per segmentation and segment: who it is called, how large it is and what it brings.
-- depends_on: {{ ref("publication_gate") }}
with sizes as (

    select * from {{ ref("segment_sizes") }}

),

current_date_known as (

    select as_of_date
    from {{ ref("as_of_dates") }}
    where is_current

),

final as (

    select
        sizes.segmentation,
        sizes.segment_id,
        sizes.segment_name,
        sizes.description,
        sizes.method,
        sizes.customers,
        sizes.share,
        sizes.revenue,
        sizes.revenue_share,
        case
            when sizes.is_fallback then 'fallback'
            when sizes.customers = 0 then 'empty'
            else 'active'
        end as status,
        sizes.model_version,
        current_date_known.as_of_date
    from sizes
    cross join current_date_known

)

select * from final
