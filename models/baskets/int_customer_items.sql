-- One row per as-of date, customer and item that the customer ever had in an order, returns and cancellations included:
-- whoever sent something back is not offered it again. is_bought tells what stands in a purchase.
with customers as (

    select *
    from {{ ref("int_offer_customers") }}
    where {{ changed_only("customer_id") }} or not is_current

),

lines as (

    select distinct
        customer_id,
        as_of_date,
        {{ var("offers")["item"] }} as item
    from {{ ref("int_order_lines") }}
    where
        {{ var("offers")["item"] }} is not null
        and customer_id in (select customers.customer_id from customers)

),

bought as (

    select distinct
        as_of_date,
        customer_id,
        item
    from {{ ref("int_offer_lines") }}
    where {{ changed_only("customer_id") }} or not is_current

),

known as (

    select distinct
        customers.as_of_date,
        customers.is_current,
        customers.segment_id,
        customers.customer_id,
        lines.item
    from lines
    inner join customers
        on lines.customer_id = customers.customer_id and lines.as_of_date <= customers.as_of_date

),

final as (

    select
        known.*,
        bought.item is not null as is_bought
    from known
    left join bought
        on
            known.as_of_date = bought.as_of_date
            and known.customer_id = bought.customer_id
            and known.item = bought.item

)

select * from final
