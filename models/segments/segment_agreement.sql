-- One row per segmentation and as-of date but the first: how many of the customers with a segment at this date and the
-- one before have moved, and how alike the two segmentations are (adjusted Rand index), as scored and as smoothed.
{%- set kinds = {"raw_": ("from_raw_segment_id", "to_raw_segment_id"), "": ("from_segment_id", "to_segment_id")} %}
with labelled_twice as (

    select *
    from {{ ref("segment_moves") }}
    where
        previous_as_of_date is not null
        and from_raw_segment_id <> 0
        and to_raw_segment_id <> 0

),

{%- for kind, (before, after) in kinds.items() %}

{{ kind }}cells as (

    select
        segmentation,
        as_of_date,
        {{ before }} as from_id,
        {{ after }} as to_id,
        cast(sum(customers) as double) as customers
    from labelled_twice
    group by segmentation, as_of_date, {{ before }}, {{ after }}

),

{{ kind }}margins as (

    select
        *,
        sum(customers) over (partition by segmentation, as_of_date, from_id) as from_customers,
        sum(customers) over (partition by segmentation, as_of_date, to_id) as to_customers,
        sum(customers) over (partition by segmentation, as_of_date) as all_customers
    from {{ kind }}cells

),

{{ kind }}pairs as (

    select
        segmentation,
        as_of_date,
        max(all_customers) as customers,
        sum(case when from_id <> to_id then customers else 0 end) as moved_customers,
        sum(customers * (customers - 1) / 2) as cell_pairs,
        -- Every customer of a row carries the row's share of its pairs.
        sum(customers * (from_customers - 1) / 2) as from_pairs,
        sum(customers * (to_customers - 1) / 2) as to_pairs,
        max(all_customers * (all_customers - 1) / 2) as all_pairs
    from {{ kind }}margins
    group by segmentation, as_of_date

),
{%- endfor %}

final as (

    select
        raw_pairs.segmentation,
        raw_pairs.as_of_date,
        {%- for kind in kinds %}
        {{ ratio(kind ~ "pairs.moved_customers", kind ~ "pairs.customers") }} as {{ kind }}moved_share,
        {{ adjusted_rand(
            kind ~ "pairs.cell_pairs", kind ~ "pairs.from_pairs", kind ~ "pairs.to_pairs", kind ~ "pairs.all_pairs"
        ) }} as {{ kind }}adjusted_rand,
        {%- endfor %}
        cast(raw_pairs.customers as bigint) as customers
    from raw_pairs
    inner join pairs on raw_pairs.segmentation = pairs.segmentation and raw_pairs.as_of_date = pairs.as_of_date

)

select * from final
