-- One row per segmentation and outcome: how much of what customers did after the frozen date their segments of then
-- explain, against RFM, against groups of past revenue and against chance.
-- depends_on: {{ ref("publication_gate") }}
-- depends_on: {{ ref("learning_scope") }}
{%- set groupings = {
    "segments": "segment_id", "rfm": "rfm_segment_id", "past_revenue": "revenue_group",
} %}
{%- set outcomes = {"revenue": "later_revenue", "retention": "is_retained"} %}
with frozen as (

    select * from {{ ref("frozen_segments") }}

),

grouped as (

    {%- for grouping, column in groupings.items() %}
    select
        segmentation,
        frozen_on,
        measured_until,
        '{{ grouping }}' as grouping_name,
        {%- for outcome, value in outcomes.items() %}
        {{ exact_sum(value) }} as {{ outcome }}_total,
        {{ exact_sum(value ~ " * " ~ value) }} as {{ outcome }}_squares,
        {%- endfor %}
        count(*) as customers
    from frozen
    where {{ column }} is not null
    group by segmentation, frozen_on, measured_until, {{ column }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

explained as (

    {%- for outcome in outcomes %}
    select
        segmentation,
        frozen_on,
        measured_until,
        grouping_name,
        '{{ outcome }}' as outcome,
        sum(customers) as customers,
        count(*) as group_count,
        {{ explained_share("customers", outcome ~ "_total", outcome ~ "_squares") }} as explained
    from grouped
    group by segmentation, frozen_on, measured_until, grouping_name
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        segmentation,
        outcome,
        frozen_on,
        measured_until,
        {%- for grouping in groupings %}
        round(max(case when grouping_name = '{{ grouping }}' then explained end), 6) as {{ grouping }}_explained,
        {%- endfor %}
        max(case when grouping_name = 'segments' then customers end) as customers,
        max(case when grouping_name = 'segments' then group_count end) as segments
    from explained
    group by segmentation, outcome, frozen_on, measured_until

),

configuration as (

    select
        segmentation,
        method
    from {{ ref("resolved_configuration") }}

),

final as (

    select
        compared.segmentation,
        compared.outcome,
        compared.frozen_on,
        compared.measured_until,
        cast(compared.customers as bigint) as customers,
        compared.segments,
        compared.segments_explained,
        compared.rfm_explained,
        compared.past_revenue_explained,
        -- Random groups explain (k - 1) / (n - 1) on average, whatever their sizes.
        round({{ ratio("compared.segments - 1", "compared.customers - 1") }}, 6) as random_explained,
        case
            when compared.segments_explained is null then 'nothing to explain: the outcome does not vary'
            when compared.segments_explained <= 3 * {{ ratio("compared.segments - 1", "compared.customers - 1") }}
                then 'hardly better than chance'
            when configuration.method <> 'rfm' and compared.segments_explained > compared.rfm_explained then 'beats RFM'
            when configuration.method <> 'rfm' and compared.rfm_explained is not null then 'does not beat RFM'
            when compared.segments_explained > compared.past_revenue_explained then 'beats past revenue'
            else 'does not beat past revenue'
        end as reading
    from compared
    inner join configuration on compared.segmentation = configuration.segmentation

)

select * from final
