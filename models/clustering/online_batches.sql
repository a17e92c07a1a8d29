-- One row per segmentation that learns online, segment, feature and level: the customers who are new or have changed
-- since the active model last learned, added up by that model. The feature is null for the segment as a whole.
{%- set columns = {
    "segmentation": "string", "segment_id": "integer", "feature": "string", "level": "string", "customers": "bigint",
    "total": "double", "as_of_date": "date",
} %}
-- depends_on: {{ ref("customer_features") }}
with parameters as (

    select * from {{ ref("standing_parameters") }}

),

models as (

    select distinct
        segmentation,
        generation
    from parameters

),

news as (

    select
        observed.segmentation,
        observed.customer_id
    from {{ ref("observed_customers") }} as observed
    inner join models
        on observed.segmentation = models.segmentation and observed.generation > models.generation
    where observed.counted_fingerprint is distinct from observed.fingerprint

),

{% if online_segmentations() %}
customers as (

    select * from {{ ref("current_features") }}

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

{% endif %}
{% for segmentation in online_segmentations() %}
{{ segmentation }}_news as (

    select customers.*
    from customers
    inner join news on customers.customer_id = news.customer_id and news.segmentation = '{{ segmentation }}'

),

{{ segmentation }}_sums as (

    {{ batch_sums(segmentation, segmentation ~ "_news", "parameters", "configuration") | indent(4) }}

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
