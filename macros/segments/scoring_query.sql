{#-
  A query that scores customers from what is published alone. It reads customers_to_score, a relation with customer_id,
  has_purchased, purchase_status and the features of the segmentation, as marts.dim_customers has them, and
  marts.model_parameters. $uses_orders, $config_hash and $rfm_grid stand for what only the warehouse knows: see
  scoring_queries.
-#}
{% macro scoring_query(segmentation) -%}
    {%- set method = var("segmentations")[segmentation]["method"] -%}
    {%- if method == "rules" -%}
        {{ rules_scoring_query(segmentation) }}
    {%- elif method == "rfm" -%}
        {{ rfm_scoring_query(segmentation) }}
    {%- else -%}
        {%- set columns = ["customer_id", "has_purchased", "purchase_status"]
            + var("segmentations")[segmentation]["features"] -%}
        {%- set customers = "(select " ~ columns | join(", ")
            ~ ", current_date as as_of_date, true as is_current from customers_to_score)" -%}
select
    customer_id,
    case when is_eligible then segment_id end as segment_id,
    case when is_eligible then distance end as distance,
    case when is_eligible then membership end as membership,
    case when is_eligible then runner_up_segment_id end as runner_up_segment_id,
    case when is_eligible then margin end as margin,
    case
        when not is_eligible then purchase_status
        when segment_id is null then model_reason
    end as reason,
    model_version
from (
    select
        scored.*,
        scored.has_purchased or not $uses_orders as is_eligible
    from (
        {{ score_clusters(segmentation, customers, "marts.model_parameters") }}
    ) as scored
) as judged
    {%- endif -%}
{%- endmacro %}


{% macro rules_scoring_query(segmentation) -%}
    {%- set segments = var("segmentations")[segmentation]["segments"] -%}
select
    customer_id,
    case when is_eligible then labelled_segment_id end as segment_id,
    {{ no_distance() }}
    case
        when not is_eligible then purchase_status
        when labelled_segment_id is null then missing_reason
    end as reason,
    '$config_hash' as model_version
from (
    select
        customer_id,
        purchase_status,
        has_purchased or not $uses_orders as is_eligible,
        case
            {%- for segment in segments %}
            when {{ segment["when"] }} then {{ loop.index }}
            {%- endfor %}
        end as labelled_segment_id,
        case
            {%- for feature in rule_features(segments) %}
            when {{ feature }} is null then 'missing {{ feature }}'
            {%- endfor %}
        end as missing_reason
    from customers_to_score
) as labelled
{%- endmacro %}


{% macro rfm_scoring_query(segmentation) -%}
select
    customer_id,
    case when has_purchased then case $rfm_grid end else $rfm_prospects end as segment_id,
    {{ no_distance() }}
    cast(null as {{ dbt.type_string() }}) as reason,
    model_version
from (
    select
        purchasers.customer_id,
        purchasers.has_purchased,
        5 - {{ cuts_passed("recency_days") }} as recency_score,
        cast(floor((2 + {{ cuts_passed("frequency") }} + {{ cuts_passed("monetary") }} + 1) / 2.0) as integer)
            as frequency_monetary_score,
        cut_points.model_version
    from customers_to_score as purchasers
    cross join (
        select
            {%- for feature in ["recency_days", "frequency", "monetary"] %}
            {%- for cut in range(1, 5) %}
            {{ parameter("rfm_cut", feature, cut) }} as {{ feature }}_{{ cut }},
            {%- endfor %}
            {%- endfor %}
            max(model_version) as model_version
        from marts.model_parameters
        where segmentation = '{{ segmentation }}'
    ) as cut_points
) as scores
{%- endmacro %}


{% macro no_distance() -%}
    cast(null as double) as distance,
    cast(null as double) as membership,
    cast(null as integer) as runner_up_segment_id,
    cast(null as double) as margin,
{%- endmacro %}


{#- The grid of RFM as one text, ` when ... then <segment>` for each cell: an aggregate over rfm_grid. -#}
{% macro grid_as_cases() -%}
    {%- set cells = [] -%}
    {%- for recency in range(1, 6) -%}
    {%- for frequency_monetary in range(1, 6) -%}
    {%- set cell = "recency_score = " ~ recency ~ " and frequency_monetary_score = " ~ frequency_monetary -%}
    {%- do cells.append("' when " ~ cell ~ " then ', cast(max(case when " ~ cell ~ " then segment_id end) as "
        ~ dbt.type_string() ~ ")") -%}
    {%- endfor -%}
    {%- endfor -%}
    concat({{ cells | join(", ") }})
{%- endmacro %}
