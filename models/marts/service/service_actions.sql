-- One row per customer and occasion for service to act on: a lapse or returns, the most valuable customers first.
with tiers as (

    select * from {{ ref("service_customer_tiers") }}

),

actions as (

    select
        customer_id,
        as_of_date,
        'lapse' as occasion,
        value_tier,
        monetary,
        reason
    from tiers
    where value_tier in ('high', 'medium') and risk_tier = 'high'

    union all

    select
        customer_id,
        as_of_date,
        'returns' as occasion,
        value_tier,
        monetary,
        concat(
            'returned ',
            {{ as_text("round(100 * return_rate)", "integer") }},
            ' percent of what was bought'
        ) as reason
    from tiers
    where return_rate >= {{ var("service")["high_return_rate"] }} and value_tier <> 'none'

),

final as (

    select
        customer_id,
        as_of_date,
        occasion,
        cast(row_number() over (partition by occasion order by monetary desc, customer_id asc) as bigint) as priority,
        value_tier,
        monetary,
        reason
    from actions

)

select * from final
