{#- Where a customer is at a date, as one whole number that a maximum can carry: the scored segment, 0 where there is none,
    and the segment that the customer is confirmed in by then, 0 where the dates before have to decide. Below zero where
    an earlier run has told it (`placed_before`). `placed_segment` and `placed_confirmation` take it apart. -#}
{% macro placed(segment_id, is_confirmed) -%}
    coalesce(cast({{ segment_id }} as bigint) * case when {{ is_confirmed }} then 1000001 else 1000000 end, 0)
{%- endmacro %}


{% macro placed_before(segment_id, confirmed_segment_id) -%}
    -1 - (coalesce(cast({{ segment_id }} as bigint) * 1000000, 0) + coalesce({{ confirmed_segment_id }}, 0))
{%- endmacro %}


{% macro placed_segment(placed) -%}
    cast(nullif(floor(greatest({{ placed }}, -1 - {{ placed }}) / 1000000), 0) as integer)
{%- endmacro %}


{% macro placed_confirmation(placed) -%}
    cast(nullif(greatest({{ placed }}, -1 - {{ placed }}) % 1000000, 0) as integer)
{%- endmacro %}
