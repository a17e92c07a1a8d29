{#- Where a customer is at a date, as one whole number that a maximum can carry. In its millions the scored segment, below
    them the segment that the customer is confirmed in by then, 0 where the dates before have to decide; without a
    segment, the number of the reason. Below zero where an earlier run has told it (`placed_before`).
    `placed_segment`, `placed_confirmation` and `placed_reason` take it apart. -#}
{% macro placed(segment_id, is_confirmed, reason_number) -%}
    coalesce(
        cast({{ segment_id }} as bigint) * case when {{ is_confirmed }} then 1000001 else 1000000 end,
        {{ reason_number }},
        0
    )
{%- endmacro %}


{% macro placed_before(segment_id, confirmed_segment_id) -%}
    -1 - (coalesce(cast({{ segment_id }} as bigint) * 1000000, 0) + coalesce({{ confirmed_segment_id }}, 0))
{%- endmacro %}


{% macro placed_segment(placed) -%}
    cast(nullif(floor(greatest({{ placed }},-1-{{ placed }})/1000000),0) as integer)
{%- endmacro %}


{% macro placed_confirmation(placed) -%}
    case when abs({{ placed }}) >= 1000000 then cast(nullif(greatest({{ placed }},-1-{{ placed }})%1000000,0) as integer) end
{%- endmacro %}


{#- Null where there is a segment. -#}
{% macro placed_reason(placed) -%}
    case when {{ placed }} between 1 and 999999 then {{ placed }} end
{%- endmacro %}


{#- One row per reason why a customer may have no segment, numbered: texts would take most of the memory in which
    histories are grouped. What is not listed here ends as neither a segment nor a reason, which the gate refuses. -#}
{% macro numbered_reasons(parameters) -%}
    select
        reason,
        row_number() over (order by reason) as reason_number
    from (
        select value_string as reason
        from {{ parameters }}
        where kind = 'model' and feature = 'reason' and value_string is not null
        {%- for status in ["returns_only", "cancelled_only", "no_valid_lines", "no_orders"] %}
        union
        select '{{ status }}' as reason
        {%- endfor %}
        {%- for segmentation in segmentations_of(["rules"]) %}
        {%- for feature in rule_features(var("segmentations")[segmentation]["segments"]) %}
        union
        select 'missing {{ feature }}' as reason
        {%- endfor %}
        {%- endfor %}
    ) as listed
{%- endmacro %}
