-- One row per customer of the backtest, with the segment at its date, 0 for those who have none. The date is the last
-- snapshot at least offers.backtest_days before the current one; its customers are a bounded sample, labelled by their
-- features of that date where the segmentation clusters.
-- depends_on: {{ ref("learning_scope") }}
{%- set segmentation = offers_segmentation() %}
{%- set is_clustered = segmentation in segmentations_with("is_clustering") %}
with backtest_date as (

    select max(as_of_dates.as_of_date) as as_of_date
    from {{ ref("as_of_dates") }} as as_of_dates
    inner join {{ ref("as_of_dates") }} as last_date on last_date.is_current
    where {{ days_between("as_of_dates.as_of_date", "last_date.as_of_date") }} >= {{ var("offers")["backtest_days"] }}
        and not as_of_dates.is_current

),

drawn as (

    select
        features.*,
        row_number() over (
            order by md5(concat('{{ var("random_seed") }}', features.customer_id)), features.customer_id
        ) as draw
    from {{ ref("customer_features") }} as features
    inner join backtest_date on features.as_of_date = backtest_date.as_of_date
    where features.has_purchased

),

sampled as (

    select * from drawn
    where draw <= {{ var("offers")["backtest_customers"] }}

),

{% if is_clustered %}
parameters as (

    select * from {{ ref("candidate_parameters") }}

),

labels_then as (

    {{ score_clusters(segmentation, "sampled", "parameters") | indent(4) }}

),

-- Where clusters are not advised, those that are published in their place had no label then that could be known now.
verdict as (

    select max(fallback) as fallback
    from {{ ref("segmentation_verdicts") }}
    where segmentation = '{{ segmentation }}'

),
{% endif %}

final as (

    select
        sampled.as_of_date,
        sampled.customer_id,
        {%- if is_clustered %}
        cast(coalesce(case when verdict.fallback is null then labels_then.segment_id end, 0) as integer) as segment_id
        {%- else %}
        0 as segment_id
        {%- endif %}
    from sampled
    {%- if is_clustered %}
left join labels_then on sampled.customer_id = labels_then.customer_id
cross join verdict
    {%- endif %}

)

select * from final
