-- One row per as-of date and customer whom rules are learned from, with the segment, 0 for those who have none: of the
-- current date a bounded sample (Toivonen 1996, VLDB, 134-145), of that of the backtest its customers.
-- depends_on: {{ ref("learning_scope") }}
{%- set learning_customers = var("offers")["learning_customers"] %}
with customers as (

    select offer_customers.*
    from {{ ref("int_offer_customers") }} as offer_customers
    inner join {{ ref("current_features") }} as features on offer_customers.customer_id = features.customer_id
    where features.has_purchased

),

learning as (

    select
        count(*) <= {{ learning_customers }} as is_everybody,
        {{ hash_threshold("cast(" ~ learning_customers ~ " as double) / greatest(count(*), 1)") }} as threshold
    from customers

),

final as (

    select
        customers.as_of_date,
        customers.customer_id,
        customers.segment_id
    from customers
    cross join learning
    where
        learning.is_everybody
        or md5(concat('{{ var("random_seed") }}', customers.customer_id)) < learning.threshold

    union all

    select
        as_of_date,
        customer_id,
        segment_id
    from {{ ref("int_backtest_customers") }}

)

select * from final
