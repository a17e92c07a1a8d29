-- One row per method: of the customers who bought something new after the date of the backtest, how many bought one of
-- the ten items that they would have been offered at that date.
-- depends_on: {{ ref("publication_gate") }}
-- depends_on: {{ ref("learning_scope") }}
with bought_new as (

    select * from {{ ref("int_new_purchases") }}

),

methods as (

    select 'recommendations' as method
    union all
    select 'most popular' as method

),

judged as (

    select distinct
        methods.method,
        bought_new.as_of_date,
        bought_new.customer_id
    from bought_new
    cross join methods

),

offered as (

    select * from {{ ref("int_backtest_hits") }}

),

-- Whoever would have been offered nothing is a miss.
summed as (

    select
        judged.method,
        judged.as_of_date,
        count(*) as customers,
        count(offered.customer_id) as customers_with_offers,
        count(case when offered.items_bought > 0 then 1 end) as hits,
        cast(coalesce(sum(offered.items_offered), 0) as bigint) as items_offered,
        cast(coalesce(sum(offered.items_bought), 0) as bigint) as items_bought
    from judged
    left join offered
        on
            judged.method = offered.method
            and judged.as_of_date = offered.as_of_date
            and judged.customer_id = offered.customer_id
    group by judged.method, judged.as_of_date

),

final as (

    select
        cast('{{ offers_segmentation() }}' as {{ dbt.type_string() }}) as segmentation,
        method,
        as_of_date as calibrated_until,
        customers,
        customers_with_offers,
        hits,
        round({{ ratio("hits", "customers") }}, 6) as hit_rate,
        items_offered,
        items_bought,
        round({{ ratio("items_bought", "items_offered") }}, 6) as precision_at_10,
        case
            when method = 'most popular' then 'what recommendations are measured against'
            when hits > min(hits) over (partition by as_of_date) then 'beats the most popular'
            else 'does not beat the most popular'
        end as reading
    from summed

)

select * from final
