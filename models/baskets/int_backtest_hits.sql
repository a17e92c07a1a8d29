-- One row per method, date of the backtest and customer who would have been offered something: how many items, and how
-- many of them were bought afterwards. The most popular items are what recommendations are measured against.
with bought_new as (

    select * from {{ ref("int_new_purchases") }}

),

offers as (

    select
        'recommendations' as method,
        customer_offers.as_of_date,
        customer_offers.customer_id,
        segment_offers.item
    from {{ ref("int_backtest_offers") }} as customer_offers
    inner join {{ ref("int_segment_offers") }} as segment_offers
        on
            customer_offers.as_of_date = segment_offers.as_of_date
            and customer_offers.segment_id = segment_offers.segment_id
            and customer_offers.offer_number = segment_offers.offer_number

    union all

    select
        'most popular' as method,
        as_of_date,
        customer_id,
        item
    from {{ ref("int_popular_offers") }}

),

final as (

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

)

select * from final
