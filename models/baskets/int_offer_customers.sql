-- One row per as-of date and customer for whom offers are worked out, with the segment, 0 for those who have none.
-- The current date has everybody, of whom rules are learned from a bounded sample (Toivonen 1996, VLDB, 134-145); the
-- date of the backtest has a sample already.
{%- set learning_customers = var("offers")["learning_customers"] %}
with features as (

    select
        as_of_date,
        customer_id,
        has_purchased
    from {{ ref("current_features") }}

),

customer_segments as (

    select
        customer_id,
        segment_id
    from {{ ref("customer_segments") }}
    where segmentation = '{{ offers_segmentation() }}'

),

learning as (

    select
        count(*) <= {{ learning_customers }} as is_everybody,
        {{ hash_threshold("cast(" ~ learning_customers ~ " as double) / greatest(count(*), 1)") }} as threshold
    from features
    where has_purchased

),

final as (

    select
        features.as_of_date,
        true as is_current,
        features.customer_id,
        cast(coalesce(customer_segments.segment_id, 0) as integer) as segment_id,
        learning.is_everybody
        or md5(concat('{{ var("random_seed") }}', features.customer_id)) < learning.threshold as is_learned_from
    from features
    left join customer_segments on features.customer_id = customer_segments.customer_id
    cross join learning

    union all

    select
        as_of_date,
        false as is_current,
        customer_id,
        segment_id,
        true as is_learned_from
    from {{ ref("int_backtest_customers") }}

)

select * from final
