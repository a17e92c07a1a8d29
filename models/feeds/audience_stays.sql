-- One row per audience, customer and uninterrupted stay: the first as-of date in it, and the first one out of it again.
-- A stay that began before the dates that are kept begins with the first of them.
with history as (

    select
        segmentation,
        customer_id,
        as_of_date,
        segment_id
    from {{ ref("customer_segment_history") }}
    where
        segment_id is not null
        and segmentation in ({{ quoted_list(audience_segmentations()) }})
        and {{ changed_only("customer_id") }}

),

as_of_dates as (

    select
        as_of_date,
        row_number() over (order by as_of_date) as date_number
    from {{ ref("as_of_dates") }}

),

-- The number of the date less the number of the row stays the same as long as no date is missing.
numbered as (

    select
        history.segmentation,
        history.segment_id,
        history.customer_id,
        as_of_dates.date_number,
        as_of_dates.date_number - row_number() over (
            partition by history.segmentation, history.segment_id, history.customer_id
            order by as_of_dates.date_number
        ) as stay
    from history
    inner join as_of_dates on history.as_of_date = as_of_dates.as_of_date

),

stays as (

    select
        segmentation,
        segment_id,
        customer_id,
        min(date_number) as first_number,
        max(date_number) + 1 as left_number
    from numbered
    group by segmentation, segment_id, customer_id, stay

),

final as (

    select
        stays.segmentation,
        stays.segment_id,
        stays.customer_id,
        first_dates.as_of_date as entered_on,
        left_dates.as_of_date as left_on,
        left_dates.as_of_date is null as is_current
    from stays
    inner join as_of_dates as first_dates on stays.first_number = first_dates.date_number
    left join as_of_dates as left_dates on stays.left_number = left_dates.date_number

)

select * from final
