-- One row per segmentation, base date, segment before and segment after: who moved in the three periods up to the base
-- date, and with which probability, and who entered in a period. 0 stands for no segment.
-- Base dates are numbered in their order.
{%- set periods_of_memory = 3 %}
with dates as (

    select
        as_of_date,
        row_number() over (order by as_of_date) as date_number
    from {{ ref("as_of_dates") }}
    -- The current period is not yet complete: its moves would be taken for those of a whole one.
    where not is_current

),

moves as (

    select
        segmentation,
        as_of_date,
        from_segment_id,
        to_segment_id,
        sum(customers) as customers
    from {{ ref("segment_moves") }}
    group by segmentation, as_of_date, from_segment_id, to_segment_id

),

flows as (

    select
        moves.segmentation,
        base_dates.as_of_date as base_date,
        base_dates.date_number as base_number,
        moves.from_segment_id,
        moves.to_segment_id,
        sum(moves.customers) as customers,
        -- The size of a segment is what arrives in it on the base date, from itself included.
        sum(case when dates.date_number = base_dates.date_number then moves.customers else 0 end) as last_customers
    from moves
    inner join dates on moves.as_of_date = dates.as_of_date
    inner join dates as base_dates
        on
            dates.date_number <= base_dates.date_number
            and dates.date_number > base_dates.date_number - {{ periods_of_memory }}
    group by
        moves.segmentation,
        base_dates.as_of_date,
        base_dates.date_number,
        moves.from_segment_id,
        moves.to_segment_id

),

final as (

    select
        segmentation,
        base_date,
        base_number,
        -- A base with a shorter memory would be compared with others that know more.
        base_number > {{ periods_of_memory }} as has_whole_memory,
        from_segment_id,
        to_segment_id,
        last_customers,
        {{ ratio(
            "customers", "sum(customers) over (partition by segmentation, base_number, from_segment_id)"
        ) }} as probability,
        cast(customers as double) / {{ periods_of_memory }} as customers_per_period
    from flows

)

select * from final
