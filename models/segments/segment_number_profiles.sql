-- One row per segmentation, segment and numeric feature: where the segment lies, against all labelled customers.
{%- set features = feature_columns()["number"] %}
with labelled as (

    select
        customer_segments.segmentation,
        customer_segments.segment_id,
        {%- for feature in features %}
        cast(features.{{ feature }} as double) as {{ feature }}{{ "," }}
        {%- endfor %}
        1 as customers
    from {{ ref("customer_segments") }} as customer_segments
    inner join {{ ref("customer_features") }} as features
        on customer_segments.customer_id = features.customer_id and features.is_current
    where customer_segments.segment_id is not null

),

summed as (

    select
        segmentation,
        segment_id,
        {%- for feature in features %}
        count({{ feature }}) as {{ feature }}_n,
        {{ exact_sum(feature) }} as {{ feature }}_sum,
        {{ exact_sum(feature ~ " * " ~ feature) }} as {{ feature }}_squares,
        {{ quartiles(feature) }} as {{ feature }}_quartiles,
        {%- endfor %}
        sum(customers) as customers
    from labelled
    group by segmentation, segment_id

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
        {{ quartile_of(feature ~ "_quartiles", 1) }} as lower_quartile,
        {{ quartile_of(feature ~ "_quartiles", 2) }} as median,
        {{ quartile_of(feature ~ "_quartiles", 3) }} as upper_quartile
    from summed
    union all
    {%- endfor %}
    {{ no_rows({
        "segmentation": "string", "segment_id": "integer", "feature": "string", "customers": "bigint",
        "total": "double", "squares": "double", "lower_quartile": "double", "median": "double", "upper_quartile": "double",
    }, "summed") }}

),

overall as (

    select
        segmentation,
        feature,
        {{ ratio(exact_sum("total"), "sum(customers)") }} as mean,
        {{ ratio(exact_sum("squares"), "sum(customers)") }} as mean_square,
        sum(customers) as customers,
        {{ exact_sum("total") }} as total,
        {{ exact_sum("squares") }} as squares
    from long
    group by segmentation, feature

),

compared as (

    select
        long.*,
        overall.mean as overall_mean,
        {{ ratio("long.total", "long.customers") }} as mean,
        sqrt(greatest(overall.mean_square - overall.mean * overall.mean, 0)) as deviation,
        {{ mean_difference_z("long", "overall") }} as z,
        -- Every feature of every segment is a comparison of its own.
        count(*) over (partition by long.segmentation) as comparisons
    from long
    inner join overall on long.segmentation = overall.segmentation and long.feature = overall.feature

),

final as (

    select
        segmentation,
        segment_id,
        feature,
        customers,
        round(mean, 6) as mean,
        round(lower_quartile, 6) as lower_quartile,
        round(median, 6) as median,
        round(upper_quartile, 6) as upper_quartile,
        round(overall_mean, 6) as overall_mean,
        round((mean - overall_mean) / nullif(deviation, 0), 6) as standardised_difference,
        round({{ ratio("100 * mean", "overall_mean") }}, 4) as index_against_all,
        {{ is_beyond_chance("z", "comparisons") }} as is_beyond_chance
    from compared

)

select * from final
