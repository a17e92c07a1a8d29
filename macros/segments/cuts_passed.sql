{#- How many of the four cut points of a feature its value lies above. -#}
{% macro cuts_passed(feature) -%}
    (
        {%- for cut in range(1, 5) %}
        case when purchasers.{{ feature }} > cut_points.{{ feature }}_{{ cut }} then 1 else 0 end{{ " +" if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
