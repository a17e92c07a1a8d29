-- One row per clustering segmentation and sampled customer with a label: what the rules of segments are learned from.
-- depends_on: {{ ref("learning_scope") }}
with labels as (

    select *
    from {{ ref("customer_segments") }}
    where raw_segment_id is not null and runner_up_segment_id is not null and assigned_by <> 'fallback'

),

sample as (

    select customer_id
    from {{ ref("training_sample") }}

),

final as (

    select
        labels.segmentation,
        labels.customer_id,
        labels.raw_segment_id as segment_id
    from labels
    inner join sample on labels.customer_id = sample.customer_id

)

select * from final
