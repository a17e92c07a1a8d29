-- One row per clustering segmentation: whether its segments are there, come back, were made or are not advised.
{%- set advice = var("advice") %}
{%- set fallback = fallback_segmentation() %}
with evidence as (

    select * from {{ ref("segmentation_evidence") }}

),

decided as (

    select
        *,
        case
            when is_not_fitted or has_few_customers or has_short_history or has_small_segment then 'not advised'
            else coalesce(fit_verdict, 'not judged')
        end as verdict
    from evidence

),

explained as (

    select
        *,
        concat(
            cast(customers as {{ dbt.type_string() }}),
            ' customers are fewer than the {{ advice["min_customers"] }} that clusters want. '
        ) as on_customers,
        concat(
            cast(coalesce(history_days, 0) as {{ dbt.type_string() }}),
            ' days of orders are fewer than {{ advice["min_history_days"] }}. '
        ) as on_history,
        concat(
            'Segment ',
            cast(smallest_segment_id as {{ dbt.type_string() }}),
            ' holds ',
            {{ percent_text("smallest_share", decimals=2) }},
            ' of the customers, and min_share asks for ',
            {{ percent_text("min_share", decimals=2) }},
            ': a few customers far from all others take a segment of their own. A transform (log) or a clip of their '
            'feature, another k or a lower min_share may help. '
        ) as on_shares
    from decided

),

final as (

    select
        segmentation,
        verdict,
        trim(concat(
            case when is_not_fitted then concat('There is no model: ', model_reason, '. ') else '' end,
            case when has_few_customers then on_customers else '' end,
            case when has_short_history then on_history else '' end,
            case when has_small_segment then on_shares else '' end,
            {%- for number in range(1, 7) %}
            reason_{{ number }},
            ' ',
            {%- endfor %}
            case
                when mergeable_pairs > 0 then concat(first_mergeable, ' would merge without loss.')
                else ''
            end
        )) as reasons,
        customers,
        history_days,
        repeat_share,
        silhouette_excess,
        stability,
        lowest_stability,
        null_lowest_stability,
        mergeable_pairs,
        {%- if fallback %}
        case when verdict = 'not advised' then '{{ fallback }}' end as fallback
        {%- else %}
        cast(null as {{ dbt.type_string() }}) as fallback
        {%- endif %}
    from explained

)

select * from final
