{#- What is known of a customer at one date as one whole number: the segment, below zero where the score is clear, and
    zero where there is none; null where the customer is not there. `segment_of` and `is_clear_in` take it apart. -#}
{% macro scored_segment(segment_id, is_clear) -%}
    case when {{ segment_id }} is null then 0 when {{ is_clear }} then -{{ segment_id }} else {{ segment_id }} end
{%- endmacro %}


{% macro segment_of(scored) -%}
    nullif(abs({{ scored }}), 0)
{%- endmacro %}


{% macro is_clear_in(scored) -%}
    {{ scored }} < 0
{%- endmacro %}
