{#-
  A query that scores customers from what is published alone. It reads customers_to_score, a relation with customer_id,
  has_purchased, purchase_status and the features of the segmentation, as marts.dim_customers has them, and
  marts.model_parameters.

  mark: what the names uses_orders, config_hash, rfm_grid and rfm_prospects begin with, which stand for what only the
  warehouse knows. `scoring_query_text` puts it in their place.
-#}
{% macro scoring_query(segmentation, mark) -%}
    {%- set method = var("segmentations")[segmentation]["method"] -%}
    {%- if method == "rules" -%}
        {{ rules_scoring_query(segmentation, mark) }}
    {%- elif method == "rfm" -%}
        {{ rfm_scoring_query(segmentation, mark) }}
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
        {{ reasons_to_leave_out() }}
        when segment_id is null then model_reason
    end as reason,
    model_version
from (
    select
        scored.*,
        scored.has_purchased or not {{ mark }}uses_orders as is_eligible
    from (
        {{ score_clusters(segmentation, customers, "marts.model_parameters") }}
    ) as scored
) as judged
    {%- endif -%}
{%- endmacro %}


{% macro rules_scoring_query(segmentation, mark) -%}
    {%- set segments = var("segmentations")[segmentation]["segments"] -%}
select
    customer_id,
    case when is_eligible then labelled_segment_id end as segment_id,
    {{ no_distance() }}
    case
        {{ reasons_to_leave_out() }}
        -- The rules are proved for values as the project has them: whole years, for example, and known levels.
        when labelled_segment_id is null then coalesce(missing_reason, 'no rule holds')
    end as reason,
    '{{ mark }}config_hash' as model_version
from (
    select
        customer_id,
        has_purchased,
        purchase_status,
        has_purchased or not {{ mark }}uses_orders as is_eligible,
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


{% macro rfm_scoring_query(segmentation, mark) -%}
select
    customer_id,
    case
        when
            has_purchased and recency_days is not null
            and (frequency is not null or frequency_1 is null) and (monetary is not null or monetary_1 is null)
            then case {{ mark }}rfm_grid end
        when not has_purchased then {{ mark }}rfm_prospects
    end as segment_id,
    {{ no_distance() }}
    case
        when has_purchased is null then 'missing has_purchased'
        {%- for feature in ["recency_days", "frequency", "monetary"] %}
        when has_purchased and {{ feature }} is null and {{ feature }}_1 is not null then 'missing {{ feature }}'
        {%- endfor %}
    end as reason,
    model_version
from (
    select
        purchasers.customer_id,
        purchasers.has_purchased,
        purchasers.recency_days,
        purchasers.frequency,
        purchasers.monetary,
        5 - {{ cuts_passed("recency_days") }} as recency_score,
        {{ rfm_mean_score(rfm_score("frequency"), rfm_score("monetary")) }} as frequency_monetary_score,
        cut_points.recency_days_1,
        cut_points.frequency_1,
        cut_points.monetary_1,
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


{#- Why a customer is not asked about: the first branches of a case. -#}
{% macro reasons_to_leave_out() -%}
    when is_eligible is null then 'missing has_purchased'
        when not is_eligible then coalesce(purchase_status, 'missing purchase_status')
{%- endmacro %}


{#- The query that scores a segmentation as an expression of SQL, with the values of the warehouse in it. What is put in is
    told from the user's own text by more dollar signs than stand there in a row.
    values: {name: expression} of what only the warehouse knows. -#}
{% macro scoring_query_text(segmentation, values) -%}
    {%- set rules = (var("segmentations")[segmentation].get("segments") or []) | map(attribute="when") | join(" ") -%}
    {%- set dollars = modules.re.findall("[$]+", rules) | map("length") | list -%}
    {%- set mark = "$" * (1 + (dollars | max if dollars else 0)) -%}
    {%- set parts = modules.re.split(
        "(" ~ modules.re.escape(mark) ~ "(?:" ~ values.keys() | join("|") ~ "))", scoring_query(segmentation, mark)
    ) -%}
    concat(
        {%- for part in parts %}
        {{ string_literal(part) if loop.index is odd else values[part[mark | length:]] }}{{ "," if not loop.last }}
        {%- endfor %}
    )
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
