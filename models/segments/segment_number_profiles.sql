-- One row per segmentation, segment and numeric feature: where the segment lies, against all labelled customers.
-- depends_on: {{ ref("customer_features") }}
{%- set features = feature_columns()["number"] %}
{%- set combination = "labels." ~ label_columns() | join(", labels.") %}
with customers as (

    select
        {%- for feature in features %}
        cast({{ feature }} as double) as {{ feature }},
        {%- endfor %}
        customer_id
    from {{ ref("current_features") }}

),

-- Sums add up, so they are taken once for every combination of segments, and not for every segmentation.
combined as (

    select
        {{ combination }},
        {%- for feature in features %}
        count(customers.{{ feature }}) as {{ feature }}_n,
        {{ exact_total("customers." ~ feature) }} as {{ feature }}_sum,
        {{ exact_total("customers." ~ feature ~ " * customers." ~ feature) }} as {{ feature }}_squares,
        {%- endfor %}
        row_number() over (order by {{ combination }}) as combination
    from customers
    inner join {{ ref("customer_labels") }} as labels on customers.customer_id = labels.customer_id
    group by {{ combination }}

),

memberships as (

    {{ by_segmentation("combined", {"combination": "bigint"}) | indent(4) }}

),

summed as (

    select
        {%- for feature in features %}
        sum(combined.{{ feature }}_n) as {{ feature }}_n,
        cast(sum(combined.{{ feature }}_sum) as double) as {{ feature }}_sum,
        cast(sum(combined.{{ feature }}_squares) as double) as {{ feature }}_squares,
        {%- endfor %}
        memberships.segmentation,
        memberships.segment_id
    from memberships
    inner join combined on memberships.combination = combined.combination
    group by memberships.segmentation, memberships.segment_id

),

-- Quartiles do not.
ranked as (

    select
        {%- for feature in features %}
        {{ quartiles("customers." ~ feature) }} as {{ feature }}_quartiles,
        {%- endfor %}
        labels.segmentation,
        labels.segment_id
    from {{ ref("customer_segments") }} as labels
    inner join customers on labels.customer_id = customers.customer_id
    where labels.segment_id is not null
    group by labels.segmentation, labels.segment_id

),

long as (

    {%- for feature in features %}
    select
        summed.segmentation,
        summed.segment_id,
        '{{ feature }}' as feature,
        cast(summed.{{ feature }}_n as bigint) as customers,
        summed.{{ feature }}_sum as total,
        summed.{{ feature }}_squares as squares,
        {{ quartile("ranked." ~ feature ~ "_quartiles", 2) }} as median,
        {{ quartile("ranked." ~ feature ~ "_quartiles", 1) }} as lower_quartile,
        {{ quartile("ranked." ~ feature ~ "_quartiles", 3) }} as upper_quartile
    from summed
    inner join ranked on summed.segmentation = ranked.segmentation and summed.segment_id = ranked.segment_id
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
