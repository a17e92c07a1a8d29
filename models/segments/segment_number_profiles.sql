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
        median({{ feature }}) as {{ feature }}_median,
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
        {{ feature }}_median as median
    from summed
    union all
    {%- endfor %}
    {{ no_rows({
        "segmentation": "string", "segment_id": "integer", "feature": "string", "customers": "bigint",
        "total": "double", "squares": "double", "median": "double",
    }, "summed") }}

),

overall as (

    select
        segmentation,
        feature,
        {{ ratio(exact_sum("total"), "sum(customers)") }} as mean,
        {{ ratio(exact_sum("squares"), "sum(customers)") }} as mean_square
    from long
    group by segmentation, feature

),

final as (

    select
        long.segmentation,
        long.segment_id,
        long.feature,
        long.customers,
        round({{ ratio("long.total", "long.customers") }}, 6) as mean,
        round(long.median, 6) as median,
        round(
            ({{ ratio("long.total", "long.customers") }} - overall.mean)
            / nullif(sqrt(greatest(overall.mean_square - overall.mean * overall.mean, 0)), 0), 6
        ) as standardised_difference,
        round({{ ratio("100 * " ~ ratio("long.total", "long.customers"), "overall.mean") }}, 4) as index_against_all
    from long
    inner join overall on long.segmentation = overall.segmentation and long.feature = overall.feature

)

select * from final
