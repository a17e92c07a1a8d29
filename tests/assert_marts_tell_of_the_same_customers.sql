-- What one mart says of a segment agrees with what another says of it: counts with labels, shares with counts, the
-- explanation with the label.
with labels as (

    select
        segmentation,
        segment_id,
        count(*) as customers
    from {{ ref("fct_customer_segments") }}
    where segment_id is not null
    group by segmentation, segment_id

),

shares as (

    select
        segmentation,
        min(share) as smallest_share,
        max(share) as largest_share,
        sum(customers) as labelled_customers
    from {{ ref("dim_segments") }}
    group by segmentation

),

final as (

    select
        segments.segmentation,
        segments.segment_id,
        'dim_segments counts other customers than fct_customer_segments' as finding
    from {{ ref("dim_segments") }} as segments
    left join labels on segments.segmentation = labels.segmentation and segments.segment_id = labels.segment_id
    where segments.customers <> coalesce(labels.customers, 0)

    union all

    select
        quality.segmentation,
        cast(null as integer) as segment_id,
        'segmentation_quality tells other shares or sums than dim_segments' as finding
    from {{ ref("segmentation_quality") }} as quality
    left join shares on quality.segmentation = shares.segmentation
    where
        quality.smallest_share is distinct from shares.smallest_share
        or quality.largest_share is distinct from shares.largest_share
        or quality.labelled_customers <> coalesce(shares.labelled_customers, 0)

    union all

    select
        overlap.segmentation,
        overlap.segment_id,
        'segment_overlap pairs a segment with itself' as finding
    from {{ ref("segment_overlap") }} as overlap
    where overlap.segment_id = overlap.runner_up_segment_id

    union all

    select
        explained.segmentation,
        explained.segment_id,
        'customer_explanations explains another segment than the customer is in' as finding
    from {{ ref("customer_explanations") }} as explained
    left join {{ ref("fct_customer_segments") }} as told
        on explained.segmentation = told.segmentation and explained.customer_id = told.customer_id
    where
        explained.segment_id is distinct from told.segment_id
        or explained.runner_up_segment_id is distinct from told.runner_up_segment_id

)

select * from final
