-- One row per sampled customer at the as-of date: all that Python ever sees. The sample is bounded, and the same
-- customers are drawn again as long as they are there, whatever the order of the input.
with customers as (

    select *
    from {{ ref("current_features") }}

),

ranked as (

    select
        customer_id,
        row_number() over (
            order by md5(concat('{{ var("random_seed") }}', customer_id)), customer_id
        ) as draw
    from customers

),

final as (

    select customers.*
    from customers
    inner join ranked on customers.customer_id = ranked.customer_id
    where ranked.draw <= {{ var("fit_sample_size") | int }}

)

select * from final
