-- One row per customer and span of as-of dates between two pieces of news: totals since the beginning, valid in
-- [as_of_date, next_as_of_date).
-- depends_on: {{ ref("feature_scope") }} {{ ref("recent_customers") }}
with periods as (

    select * from {{ ref("int_customer_periods") }}

),

final as (

    select
        customer_id,
        as_of_date,
        lead(as_of_date) over (partition by customer_id order by as_of_date) as next_as_of_date,
        {%- for column in period_counts() %}
        cast(sum({{ column }}) over so_far as bigint) as {{ column }},
        {%- endfor %}
        {%- for column in period_amounts() %}
        {{ money_sum(column, window="so_far") }} as {{ column }},
        {%- endfor %}
        min(first_purchase_on) over so_far as first_purchase_on,
        max(last_purchase_on) over so_far as last_purchase_on,
        cast(sum(new_products) over so_far as bigint) as distinct_products,
        cast(sum(new_categories) over so_far as bigint) as distinct_categories,
        {{ leading_level_name("max(preferred_category) over so_far") }} as preferred_category,
        {{ leading_level_name("max(preferred_channel) over so_far") }} as preferred_channel,
        {{ leading_level_name("max(preferred_week_part) over so_far") }} as preferred_week_part
    from periods
    window so_far as (partition by customer_id order by as_of_date rows unbounded preceding)

)

select * from final
