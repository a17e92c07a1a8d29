{#- The criteria that every number of segments is measured by, as they are named in the parameter rows. -#}
{% macro k_criteria() -%}
    {{- return([
        "inertia",
        "silhouette",
        "silhouette_error",
        "davies_bouldin",
        "calinski_harabasz",
        "gap",
        "gap_error",
        "null_silhouette",
        "null_deviation",
        "prediction_strength",
        "prediction_error",
        "stability",
        "lowest_stability",
        "valley_depth",
        "valley_strength",
        "smallest_share",
    ]) -}}
{%- endmacro %}
