-- One row per customer for whom offers are worked out: everybody, with the segment, 0 for those who have none, and the
-- as-of date at which offers were learned.
with features as (

    select customer_id
    from {{ ref("current_features") }}
    where {{ changed_only("customer_id") }}

),

customer_segments as (

    select
        customer_id,
        segment_id
    from {{ ref("customer_segments") }}
    where segmentation = '{{ offers_segmentation() }}' and {{ changed_only("customer_id") }}

),

learning as (

    select learned_on
    from {{ ref("learning_scope") }}

),

final as (

    select
        learning.learned_on as as_of_date,
        features.customer_id,
        cast(coalesce(customer_segments.segment_id, 0) as integer) as segment_id
    from features
    cross join learning
    left join customer_segments on features.customer_id = customer_segments.customer_id

)

select * from final
