{#- At how many dates a segment has to hold before customers follow, in the segmentation that waits longest: its periods,
    and a date in the middle of one. At least 2, as everybody looks one date back. -#}
{% macro most_dates_to_hold() -%}
    {%- set periods = [1] -%}
    {%- set settings = [var("segmentation_defaults")["smoothing"]]
        + (var("segmentations") or {}).values() | map(attribute="smoothing") | list -%}
    {%- for smoothing in settings if smoothing is mapping -%}
        {%- do periods.append(smoothing["periods"] | int) -%}
    {%- endfor -%}
    {{- return((periods | max) + 1) -}}
{%- endmacro %}


{#- Whether the segment of a date has been the same at as many dates as the column `dates` says, this one included.
    segments: prefix of the columns <prefix>_<date number> that hold the segments. -#}
{% macro has_held(segments, date, dates) -%}
    {%- for back in range(1, most_dates_to_hold()) -%}
        {%- set has_been = segments ~ "_" ~ date ~ " = " ~ segments ~ "_" ~ (date - back) -%}
        {{ "(" ~ dates ~ " <= " ~ back ~ " or " ~ has_been ~ ")" if back < date else dates ~ " <= " ~ back }}
        {{- " and " if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- The last value that is known by a date of those in the columns <prefix>_<date number>; null where the date has none in
    <where_known>_<date number>. Every blank is a token, and dbt reads statements of at most ten thousand of them. -#}
{% macro last_known(prefix, date, where_known) -%}
    case when {{ where_known }}_{{ date }} is not null then coalesce(
        {%- for known in range(date, 0, -1) %}{{ prefix }}_{{ known }},{% endfor %}null) end
{%- endmacro %}
