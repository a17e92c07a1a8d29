-- One row per method: of the customers who bought something new after the date of the backtest, how many bought one of
-- the ten items that they would have been offered at that date.
-- depends_on: {{ ref("publication_gate") }}
with customers as (

    select *
    from {{ ref("int_offer_customers") }}
    where not is_current

),

known as (

    select * from {{ ref("int_customer_items") }}

),

bought_later as (

    select distinct
        customers.as_of_date,
        customers.customer_id,
        lines.{{ var("offers")["item"] }} as item
    from customers
    inner join {{ ref("int_order_lines") }} as lines
        on customers.customer_id = lines.customer_id and customers.as_of_date < lines.as_of_date
    inner join {{ ref("int_orders") }} as orders on lines.order_id = orders.order_id
    where
        lines.quantity > 0
        and lines.{{ var("offers")["item"] }} is not null
        and orders.order_kind = 'purchase'
        and orders.cancelled_on is null

),

bought_new as (

    select bought_later.*
    from bought_later
    left join known
        on
            bought_later.as_of_date = known.as_of_date
            and bought_later.customer_id = known.customer_id
            and bought_later.item = known.item
    where known.item is null

),

judged as (

    select distinct
        as_of_date,
        customer_id
    from bought_new

),

offers as (

    select
        'recommendations' as method,
        as_of_date,
        customer_id,
        item
    from {{ ref("int_customer_offers") }}
    where not is_current

    union all

    select
        'most popular' as method,
        as_of_date,
        customer_id,
        item
    from {{ ref("int_popular_offers") }}

),

outcomes as (

    select
        offers.method,
        offers.as_of_date,
        offers.customer_id,
        count(*) as offered,
        count(bought_new.item) as bought
    from offers
    inner join judged on offers.as_of_date = judged.as_of_date and offers.customer_id = judged.customer_id
    left join bought_new
        on
            offers.as_of_date = bought_new.as_of_date
            and offers.customer_id = bought_new.customer_id
            and offers.item = bought_new.item
    group by offers.method, offers.as_of_date, offers.customer_id

),

methods as (

    select 'recommendations' as method
    union all
    select 'most popular' as method

),

-- Whoever would have been offered nothing is a miss.
summed as (

    select
        methods.method,
        judged.as_of_date,
        count(*) as customers,
        count(outcomes.customer_id) as customers_with_offers,
        count(case when outcomes.bought > 0 then 1 end) as hits,
        cast(coalesce(sum(outcomes.offered), 0) as bigint) as items_offered,
        cast(coalesce(sum(outcomes.bought), 0) as bigint) as items_bought
    from judged
    cross join methods
    left join outcomes
        on
            methods.method = outcomes.method
            and judged.as_of_date = outcomes.as_of_date
            and judged.customer_id = outcomes.customer_id
    group by methods.method, judged.as_of_date

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
        round({{ ratio("items_bought", "items_offered") }}, 6) as precision_at_10
    from summed

)

select * from final
