-- One row per RFM segmentation, customer and as-of date: the named cell of the grid; without a purchase, the prospects.
with customers as (

    select
        customer_id,
        as_of_date,
        is_current
    from {{ ref("customer_features") }}
    where {{ changed_only("customer_id") }}

),

versions as (

    select distinct
        segmentation,
        model_version
    from {{ ref("candidate_parameters") }}
    where segmentation in ({{ quoted_list(segmentations_of(["rfm"])) }})

),

scores as (

    select * from {{ ref("rfm_scores") }}

),

grid as (

    select * from {{ ref("rfm_grid") }}

),

prospects as (

    -- The one segment without a cell of the grid.
    select min(segment_id) as segment_id
    from {{ ref("rfm_segments") }}
    where segment_id not in (select grid.segment_id from grid)

),

final as (

    select
        versions.segmentation,
        customers.customer_id,
        customers.as_of_date,
        customers.is_current,
        case when scores.customer_id is null then prospects.segment_id else grid.segment_id end as segment_id,
        cast(null as {{ dbt.type_string() }}) as reason,
        versions.model_version
    from customers
    cross join versions
    cross join prospects
    left join scores
        on
            customers.customer_id = scores.customer_id
            and customers.as_of_date = scores.as_of_date
            and versions.segmentation = scores.segmentation
    left join grid
        on
            scores.recency_score = grid.recency_score
            and scores.frequency_monetary_score = grid.frequency_monetary_score

)

select * from final
