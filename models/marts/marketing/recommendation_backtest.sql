-- One row per method: of the customers who bought something new after the date of the backtest, how many bought one of
-- the ten items that they would have been offered at that date.
-- depends_on: {{ ref("publication_gate") }}
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

offers as (

    select
        'recommendations' as method,
        customer_offers.as_of_date,
        customer_offers.customer_id,
        segment_offers.item
    from {{ ref("int_customer_offers") }} as customer_offers
    inner join {{ ref("int_segment_offers") }} as segment_offers
        on
            customer_offers.as_of_date = segment_offers.as_of_date
            and customer_offers.segment_id = segment_offers.segment_id
            and customer_offers.offer_number = segment_offers.offer_number
    where not customer_offers.is_current and customer_offers.recommendation_rank <= 10

    union all

    select
        'most popular' as method,
        as_of_date,
        customer_id,
        item
    from {{ ref("int_popular_offers") }}

),

bought as (

    select
        offers.method,
        offers.as_of_date,
        offers.customer_id,
        count(*) as items_offered,
        count(bought_new.item) as items_bought
    from offers
    left join bought_new
        on
            offers.as_of_date = bought_new.as_of_date
            and offers.customer_id = bought_new.customer_id
            and offers.item = bought_new.item
    group by offers.method, offers.as_of_date, offers.customer_id

),

-- Whoever would have been offered nothing is a miss.
summed as (

    select
        judged.method,
        judged.as_of_date,
        count(*) as customers,
        count(bought.customer_id) as customers_with_offers,
        count(case when bought.items_bought > 0 then 1 end) as hits,
        cast(coalesce(sum(bought.items_offered), 0) as bigint) as items_offered,
        cast(coalesce(sum(bought.items_bought), 0) as bigint) as items_bought
    from judged
    left join bought
        on
            judged.method = bought.method
            and judged.as_of_date = bought.as_of_date
            and judged.customer_id = bought.customer_id
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
