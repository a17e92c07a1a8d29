{#- The score of frequency or monetary, 1 to 5; null where the model left the feature out and so has no cut points. -#}
{% macro rfm_score(feature) -%}
    case when cut_points.{{ feature }}_1 is not null then 1 + {{ cuts_passed(feature) }} end
{%- endmacro %}


{#- The mean of two whole scores, halves rounded up; where one of them is null the other, without both 1. -#}
{% macro rfm_mean_score(frequency, monetary) -%}
    cast(floor((
        coalesce({{ frequency }}, {{ monetary }}, 1) + coalesce({{ monetary }}, {{ frequency }}, 1) + 1
    ) / 2.0) as integer)
{%- endmacro %}
