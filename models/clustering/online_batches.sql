-- One row per segmentation that learns online, segment, feature and level: the customers who are new or have changed
-- since the active model last learned, added up by that model. The feature is null for the segment as a whole.
{%- set columns = {
    "segmentation": "string", "segment_id": "integer", "feature": "string", "level": "string", "customers": "bigint",
    "total": "double", "as_of_date": "date",
} %}
with customers as (

    select * from {{ ref("customer_features") }}

),

parameters as (

    select * from {{ ref("standing_parameters") }}

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

news as (

    select
        observed.segmentation,
        observed.customer_id
    from {{ ref("observed_customers") }} as observed
    inner join (select distinct segmentation, generation from parameters) as models
        on observed.segmentation = models.segmentation and observed.generation > models.generation
    where observed.counted_fingerprint is distinct from observed.fingerprint

),

{% for segmentation in online_segmentations() %}
{%- set features = var("segmentations")[segmentation]["features"] %}
{%- set numbers = numeric_features(features) %}
{{ segmentation }}_news as (

    select customers.*
    from customers
    inner join news on customers.customer_id = news.customer_id and news.segmentation = '{{ segmentation }}'

),

{{ segmentation }}_sums as (

    select
        segment_id,
        case
            {%- for feature in features if feature not in numbers %}
            when level_{{ features.index(feature) + 1 }} is not null then '{{ feature }}'
            {%- endfor %}
            when false then ''
        end as feature,
        coalesce(
            {%- for feature in features if feature not in numbers %}
            level_{{ features.index(feature) + 1 }},
            {%- endfor %}
            null
        ) as level,
        {%- for feature in numbers %}
        {{ exact_sum("z_" ~ (features.index(feature) + 1), digits=9) }} as total_{{ features.index(feature) + 1 }},
        {%- endfor %}
        count(*) as customers,
        max(as_of_date) as as_of_date
    from (
        {{ nearest_segments(
            segmentation, segmentation ~ "_news", "parameters", "configuration", ["as_of_date"]
        ) | indent(8) }}
    ) as placed
    group by grouping sets (
        (segment_id)
        {%- for feature in features if feature not in numbers %},
        (segment_id, level_{{ features.index(feature) + 1 }})
        {%- endfor %}
    )

),

{% endfor %}
final as (

    {% for segmentation in online_segmentations() %}
    {%- set features = var("segmentations")[segmentation]["features"] %}
    select
        '{{ segmentation }}' as segmentation,
        segment_id,
        feature,
        level,
        customers,
        cast(null as double) as total,
        as_of_date
    from {{ segmentation }}_sums
    union all
    {%- for feature in numeric_features(features) %}
    select
        '{{ segmentation }}' as segmentation,
        segment_id,
        '{{ feature }}' as feature,
        cast(null as {{ dbt.type_string() }}) as level,
        customers,
        total_{{ features.index(feature) + 1 }} as total,
        as_of_date
    from {{ segmentation }}_sums
    where feature is null
    union all
    {%- endfor %}
    {% endfor %}
    {{ no_rows(columns, "news") }}

)

select * from final
