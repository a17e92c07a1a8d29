-- One row per clustering segmentation and sampled customer with a scored segment: what readable rules are fitted to.
with sample as (

    select * from {{ ref("training_sample") }}

),

labels as (

    select
        scores.segmentation,
        scores.customer_id,
        scores.segment_id
    from {{ ref("cluster_segments") }} as scores
    where scores.is_current and scores.segment_id is not null

),

final as (

    select
        labels.segmentation,
        labels.segment_id,
        sample.*
    from sample
    inner join labels on sample.customer_id = labels.customer_id

)

select * from final
