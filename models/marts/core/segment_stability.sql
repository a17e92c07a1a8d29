-- One row per segmentation and as-of date but the first: how many of the customers with a segment at this date and the
-- one before have moved, and how alike the two segmentations are, as scored and as smoothed.
-- depends_on: {{ ref("publication_gate") }}
{%- set kinds = {"raw_": ("from_raw_segment_id", "to_raw_segment_id"), "": ("from_segment_id", "to_segment_id")} %}
with moves as (

    select *
    from {{ ref("segment_moves") }}
    where previous_as_of_date is not null

),

agreement as (

    select * from {{ ref("segment_agreement") }}

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

final as (

    select
        agreement.segmentation,
        agreement.as_of_date,
        {%- for kind in kinds %}
        {{ "round(agreement." ~ kind ~ "moved_share, 6)" }} as {{ kind }}moved_share,
        {{ "round(agreement." ~ kind ~ "adjusted_rand, 6)" }} as {{ kind }}adjusted_rand,
        {{ "round(runs." ~ kind ~ "mean_run_length, 6)" }} as {{ kind }}mean_run_length,
        {%- endfor %}
        agreement.customers
    from agreement
    inner join runs on agreement.segmentation = runs.segmentation and agreement.as_of_date = runs.as_of_date

)

select * from final
