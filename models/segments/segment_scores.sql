-- One row per segmentation, customer and as-of date, for all methods alike: the segment that the method gives, or the
-- reason why it gives none.
with crisp as (

    {% for method in ["rule_segments", "rfm_labels"] -%}
    select
        segmentation,
        customer_id,
        as_of_date,
        is_current,
        segment_id,
        cast(null as double) as distance,
        cast(null as double) as membership,
        cast(null as integer) as runner_up_segment_id,
        cast(null as double) as margin,
        reason
    from {{ ref(method) }}
    {{ "union all" if not loop.last }}
    {% endfor %}

),

clusters as (

    select
        segmentation,
        customer_id,
        as_of_date,
        is_current,
        segment_id,
        distance,
        membership,
        runner_up_segment_id,
        margin,
        reason
    from {{ ref("cluster_segments") }}

),

final as (

    select * from crisp
    union all
    select * from clusters

)

select * from final
