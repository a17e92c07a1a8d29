-- One row per customer and as-of date with new purchases: products and categories bought for the first time.
with bought_products as (

    select
        customer_id,
        product_id,
        -- A product has one category: any of its rows says which.
        min(category) as category,
        min(as_of_date) as as_of_date
    from {{ ref("int_order_lines") }}
    where quantity > 0 and product_id is not null and {{ changed_only("customer_id") }}
    group by customer_id, product_id

),

bought_categories as (

    select
        customer_id,
        category,
        min(as_of_date) as as_of_date
    from bought_products
    where category is not null
    group by customer_id, category

),

firsts as (

    select
        customer_id,
        as_of_date,
        1 as new_product,
        0 as new_category
    from bought_products

    union all

    select
        customer_id,
        as_of_date,
        0 as new_product,
        1 as new_category
    from bought_categories

),

final as (

    select
        customer_id,
        as_of_date,
        cast(sum(new_product) as bigint) as new_products,
        cast(sum(new_category) as bigint) as new_categories
    from firsts
    group by customer_id, as_of_date

)

select * from final
