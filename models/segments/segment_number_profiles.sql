-- One row per segmentation, segment and numeric feature: where the segment lies, against all labelled customers.
-- depends_on: {{ ref("customer_features") }}
{%- set features = feature_columns()["number"] %}
with summed as (

    select * from {{ ref("segment_feature_sums") }}

),

long as (

    {%- for feature in features %}
    select
        segmentation,
        segment_id,
        '{{ feature }}' as feature,
        {{ feature }}_n as customers,
        {{ feature }}_sum as total,
        {{ feature }}_squares as squares,
        {{ quartile(feature ~ "_quartiles", 2) }} as median,
        {{ quartile(feature ~ "_quartiles", 1) }} as lower_quartile,
        {{ quartile(feature ~ "_quartiles", 3) }} as upper_quartile
    from summed
    union all
    {%- endfor %}
    {{ no_rows({
        "segmentation": "string", "segment_id": "integer", "feature": "string", "customers": "bigint",
        "total": "double", "squares": "double", "median": "double", "lower_quartile": "double",
        "upper_quartile": "double",
    }, "summed") }}

),

overall as (

    select
        segmentation,
        feature,
        sum(customers) as customers,
        {{ exact_sum("total") }} as total,
        {{ exact_sum("squares") }} as squares
    from long
    group by segmentation, feature

),

moments as (

    -- Of the segment, of all, and of the rest: whom the segment is tested against.
    select
        long.*,
        {{ ratio("long.total", "long.customers") }} as mean,
        {{ ratio("overall.total", "overall.customers") }} as overall_mean,
        {{ ratio("overall.squares", "overall.customers") }} as overall_mean_square,
        overall.customers - long.customers as rest_customers,
        {{ ratio("overall.total - long.total", "overall.customers - long.customers") }} as rest_mean,
        {{ ratio("long.squares", "long.customers") }} as mean_square,
        {{ ratio("overall.squares - long.squares", "overall.customers - long.customers") }} as rest_mean_square
    from long
    inner join overall on long.segmentation = overall.segmentation and long.feature = overall.feature

),

spreads as (

    select
        *,
        sqrt(greatest(overall_mean_square - overall_mean * overall_mean, 0)) as overall_deviation,
        sqrt(
            greatest(mean_square - mean * mean, 0) / nullif(customers - 1, 0)
            + greatest(rest_mean_square - rest_mean * rest_mean, 0) / nullif(rest_customers - 1, 0)
        ) as standard_error
    from moments

),

final as (

    select
        segmentation,
        segment_id,
        feature,
        customers,
        round(mean, 6) as mean,
        round(median, 6) as median,
        round(lower_quartile, 6) as lower_quartile,
        round(upper_quartile, 6) as upper_quartile,
        round(overall_mean, 6) as overall,
        round((mean - overall_mean) / nullif(overall_deviation, 0), 6) as standardised_difference,
        round(100 * mean / nullif(overall_mean, 0), 4) as index_against_all,
        -- Welch (1947), with the normal in place of the t distribution: below 30 customers there is no test.
        case
            when least(customers, rest_customers) >= 30
                then round((mean - rest_mean) / nullif(standard_error, 0), 6)
        end as z
    from spreads

)

select * from final
