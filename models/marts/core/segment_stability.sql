-- One row per segmentation and as-of date but the first: how many of the customers with a segment at this date and the
-- one before have moved, and how alike the two segmentations are, as scored and as smoothed.
-- depends_on: {{ ref("publication_gate") }}
{%- set kinds = {"raw_": ("from_raw_segment_id", "to_raw_segment_id"), "": ("from_segment_id", "to_segment_id")} %}
with moves as (

    select *
    from {{ ref("segment_moves") }}
    where previous_as_of_date is not null

),

labelled_twice as (

    select *
    from moves
    where from_raw_segment_id <> 0 and to_raw_segment_id <> 0

),

-- A run is a customer's stay in one segment. Whoever has a segment at the very first date begins a run there.
dates as (

    select
        segmentation,
        as_of_date,
        {%- for kind, (before, after) in kinds.items() %}
        sum(case when {{ before }} <> 0 then customers else 0 end) as {{ kind }}from_customers,
        sum(case when {{ after }} <> 0 then customers else 0 end) as {{ kind }}to_customers,
        sum(case when {{ after }} <> 0 and {{ after }} <> {{ before }} then customers else 0 end) as {{ kind }}begun,
        {%- endfor %}
        row_number() over (partition by segmentation order by as_of_date) as move_number
    from moves
    group by segmentation, as_of_date

),

runs as (

    select
        segmentation,
        {%- for kind in kinds %}
        {{ ratio(
            "sum(" ~ kind ~ "to_customers + case when move_number = 1 then " ~ kind ~ "from_customers else 0 end) over so_far",
            "sum(" ~ kind ~ "begun + case when move_number = 1 then " ~ kind ~ "from_customers else 0 end) over so_far"
        ) }} as {{ kind }}mean_run_length,
        {%- endfor %}
        as_of_date
    from dates
    window so_far as (partition by segmentation order by as_of_date rows unbounded preceding)

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
        round({{ ratio(kind ~ "pairs.moved_customers", kind ~ "pairs.customers") }}, 6) as {{ kind }}moved_share,
        round(
            {{ adjusted_rand(
                kind ~ "pairs.cell_pairs", kind ~ "pairs.from_pairs", kind ~ "pairs.to_pairs", kind ~ "pairs.all_pairs"
            ) }}, 6
        ) as {{ kind }}adjusted_rand,
        {{ "round(runs." ~ kind ~ "mean_run_length, 6)" }} as {{ kind }}mean_run_length,
        {%- endfor %}
        cast(raw_pairs.customers as bigint) as customers
    from raw_pairs
    inner join runs on raw_pairs.segmentation = runs.segmentation and raw_pairs.as_of_date = runs.as_of_date
    inner join pairs on raw_pairs.segmentation = pairs.segmentation and raw_pairs.as_of_date = pairs.as_of_date

)

select * from final
