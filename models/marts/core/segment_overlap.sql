-- One row per segmentation, segment and runner-up: customers of the segment, and those near the border to the other.
-- depends_on: {{ ref("publication_gate") }}
with labels as (

    select *
    from {{ ref("customer_segments") }}
    where segment_id is not null and runner_up_segment_id is not null

),

sizes as (

    select
        segmentation,
        segment_id,
        count(*) as segment_customers
    from labels
    group by segmentation, segment_id

),

pairs as (

    select
        segmentation,
        segment_id,
        runner_up_segment_id,
        max(model_version) as model_version,
        count(*) as customers,
        sum(case when is_borderline then 1 else 0 end) as borderline_customers,
        avg(membership) as mean_membership
    from labels
    group by segmentation, segment_id, runner_up_segment_id

),

final as (

    select
        pairs.segmentation,
        pairs.segment_id,
        pairs.runner_up_segment_id,
        pairs.customers,
        round({{ ratio("pairs.customers", "sizes.segment_customers") }}, 6) as share_of_segment,
        cast(pairs.borderline_customers as bigint) as borderline_customers,
        round({{ ratio("pairs.borderline_customers", "sizes.segment_customers") }}, 6) as borderline_share,
        round(pairs.mean_membership, 6) as mean_membership,
        pairs.model_version
    from pairs
    inner join sizes on pairs.segmentation = sizes.segmentation and pairs.segment_id = sizes.segment_id

)

select * from final
