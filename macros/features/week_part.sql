{#-
  The part of the week and day of an order: `weekend`, `weekday morning`, ... An order at exactly midnight has no time
  of day (the source holds dates alone), so it counts as plain `weekday` or `weekend`.
-#}
{% macro week_part(moment, day) -%}
    case
        when {{ is_weekend(day) }} then 'weekend'
        when {{ moment }} = cast({{ day }} as timestamp) then 'weekday'
        when extract(hour from {{ moment }}) between 5 and 11 then 'weekday morning'
        when extract(hour from {{ moment }}) between 12 and 16 then 'weekday afternoon'
        when extract(hour from {{ moment }}) between 17 and 21 then 'weekday evening'
        else 'weekday night'
    end
{%- endmacro %}
