-- One row per audience, customer and uninterrupted stay: when the customer entered and left, and who is held out.
-- depends_on: {{ ref("publication_gate") }}
with stays as (

    select * from {{ ref("audience_stays") }}

),

sizes as (

    select * from {{ ref("audience_sizes") }}

),

segments as (

    select * from {{ ref("segment_definitions") }}

),

drawn as (

    select * from {{ ref("drawn_accounts") }}

),

final as (

    select
        stays.segmentation,
        stays.segment_id,
        segments.segment_name,
        stays.customer_id,
        stays.entered_on,
        stays.left_on,
        stays.is_current,
        {{ is_held_out("stays.segmentation", "coalesce(drawn.drawn_as, stays.customer_id)") }} as is_holdout,
        coalesce(sizes.is_exported, false) as is_exported_audience
    from stays
    left join sizes on stays.segmentation = sizes.segmentation and stays.segment_id = sizes.segment_id
    left join segments on stays.segmentation = segments.segmentation and stays.segment_id = segments.segment_id
    left join drawn on stays.customer_id = drawn.customer_id
    where {{ changed_only("stays.customer_id") }}

)

select * from final
