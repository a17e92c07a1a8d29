-- One row per sampled customer at the as-of date: all that Python ever sees. The sample is bounded, and the same
-- customers are drawn again as long as they are there, whatever the order of the input.
{%- set problem = check_revenue_is_there() %}
{%- if problem %}{{ exceptions.raise_compiler_error(problem) }}{% endif %}
{%- set size = var("fit_sample_size") | int %}
with customers as (

    select *
    from {{ ref("current_features") }}

),

-- A few more than are wanted, so that not all have to be sorted: chance takes away less once in a billion times.
share as (

    select
        count(*) <= {{ size }} as is_everybody,
        {{ hash_threshold("cast(" ~ (size + 6 * size ** 0.5 + 50) | int ~ " as double) / greatest(count(*), 1)") }}
            as threshold
    from customers

),

drawn as (

    select
        customers.customer_id,
        md5(concat('{{ var("random_seed") }}', customers.customer_id)) as draw_hash
    from customers
    cross join share
    where share.is_everybody or md5(concat('{{ var("random_seed") }}', customers.customer_id)) < share.threshold

),

ranked as (

    select
        customer_id,
        row_number() over (order by draw_hash, customer_id) as draw
    from drawn

),

final as (

    select customers.*
    from customers
    inner join ranked on customers.customer_id = ranked.customer_id
    where ranked.draw <= {{ size }}

)

select * from final
