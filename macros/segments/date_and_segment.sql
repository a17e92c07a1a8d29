{#-
  A date's number and a segment in one whole number. The largest of several is that of the last date, so a running
  maximum carries the last known segment along: engines write `last_value ... ignore nulls` in different ways.
  `segment_in` takes the segment out again.
-#}
{% macro date_and_segment(date_number, segment_id) -%}
    cast({{ date_number }} as bigint) * 1000000 + {{ segment_id }}
{%- endmacro %}


{% macro segment_in(packed) -%}
    cast({{ packed }} % 1000000 as integer)
{%- endmacro %}
