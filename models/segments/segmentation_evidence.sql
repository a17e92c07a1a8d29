-- One row per clustering segmentation: what the model and the customers say for its segments and against them.
{%- set advice = var("advice") %}
with configuration as (

    select *
    from {{ ref("resolved_configuration") }}
    where method in ({{ quoted_list(methods_with("is_clustering")) }})

),

customers as (

    select
        has_purchased,
        frequency,
        tenure_days
    from {{ ref("current_features") }}

),

population as (

    select
        configuration.segmentation,
        count(*) as customers,
        max(customers.tenure_days) as history_days,
        -- Null where nobody has bought: nobody could have come back.
        {{ ratio(
            "sum(case when customers.frequency >= 2 then 1 else 0 end)",
            "case when sum(customers.frequency) > 0 then count(*) end"
        ) }} as repeat_share
    from configuration
    cross join customers
    where customers.has_purchased or not configuration.uses_orders
    group by configuration.segmentation

),

evidence as (

    select
        segmentation,
        {{ parameter("model", "status", value="value_string") }} as status,
        {{ parameter("model", "reason", value="value_string") }} as model_reason,
        {{ parameter("quality", "verdict", value="value_string") }} as fit_verdict,
        {%- for number in range(1, 7) %}
        coalesce(
            {{ parameter("quality", "reason", level=number | string, value="value_string") }}, ''
        ) as reason_{{ number }},
        {%- endfor %}
        {{ parameter("quality", "silhouette_excess") }} as silhouette_excess,
        {{ parameter("quality", "null_lowest_stability") }} as null_lowest_stability,
        min(case when kind = 'quality' and feature = 'stability' then value_double end) as lowest_stability,
        avg(case when kind = 'quality' and feature = 'stability' then value_double end) as stability,
        count(case when kind = 'quality' and feature = 'merges_with' then 1 end) as mergeable_pairs,
        sum(case when kind = 'segment' and feature = 'sample_size' then value_double end) as fitted_customers,
        min(case when kind = 'segment' and feature = 'sample_size' then value_double end) as smallest_customers,
        min_by(
            case when kind = 'segment' and feature = 'sample_size' then segment_id end,
            case when kind = 'segment' and feature = 'sample_size' then value_double end
        ) as smallest_segment_id,
        min(case
            when kind = 'quality' and feature = 'merges_with'
                then concat('Segments ', cast(segment_id as {{ dbt.type_string() }}), ' and ', level)
        end) as first_mergeable
    from {{ ref("candidate_parameters") }}
    group by segmentation

),

final as (

    select
        evidence.*,
        coalesce(population.customers, 0) as customers,
        population.history_days,
        round(population.repeat_share, 6) as repeat_share,
        {{ ratio("evidence.smallest_customers", "evidence.fitted_customers") }} as smallest_share,
        configuration.min_share,
        coalesce(
            round({{ ratio("evidence.smallest_customers", "evidence.fitted_customers") }}, 9)
            < configuration.lowest_share,
            false
        ) as has_small_segment,
        evidence.status <> 'fitted' as is_not_fitted,
        coalesce(population.customers, 0) < {{ advice["min_customers"] }} as has_few_customers,
        configuration.uses_orders
        and coalesce(population.history_days, 0) < {{ advice["min_history_days"] }} as has_short_history
    from configuration
    inner join evidence on configuration.segmentation = evidence.segmentation
    left join population on configuration.segmentation = population.segmentation

)

select * from final
