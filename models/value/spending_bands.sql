-- One row per band of buyers by net revenue, a percent of them or less: the tier, the place in words, and between which
-- net revenues it lies; beside it the usual time between two orders. Learned, so that nobody changes place because
-- others have bought.
-- depends_on: {{ ref("learning_scope") }}
{#- Beyond what a net revenue can be: the outer bands are open. -#}
{%- set beyond = "cast(99999999999999 as decimal(18, 4))" %}
with buyers as (

    select
        monetary,
        average_days_between_orders,
        percent_rank() over (order by monetary desc) as spending_rank
    from {{ ref("current_features") }}
    where has_purchased

),

-- The time of a customer in the middle.
usual as (

    select median(average_days_between_orders) as days_between_orders
    from buyers
    where average_days_between_orders > 0

),

placed as (

    select
        monetary,
        case
            when spending_rank < {{ var("service")["high_value_share"] }} then 'high'
            when spending_rank < {{ var("service")["high_value_share"] + var("service")["medium_value_share"] }}
                then 'medium'
            else 'low'
        end as value_tier,
        concat(
            case when spending_rank < 0.5 then 'in the top ' else 'in the bottom ' end,
            {{ as_text("greatest(ceil(100 * least(spending_rank, 1 - spending_rank)), 1)", "integer") }},
            ' percent of buyers'
        ) as place
    from buyers

),

-- Whoever has the same net revenue has the same rank, so bands do not overlap.
bands as (

    select
        value_tier,
        place,
        min(monetary) as least_monetary
    from placed
    group by value_tier, place

),

final as (

    select
        bands.value_tier,
        bands.place,
        case
            when lead(bands.least_monetary) over (order by bands.least_monetary desc) is null then -{{ beyond }}
            else bands.least_monetary
        end as monetary_from,
        coalesce(lag(bands.least_monetary) over (order by bands.least_monetary desc), {{ beyond }}) as monetary_below,
        usual.days_between_orders as usual_days_between_orders
    from bands
    cross join usual

)

select * from final
