{#- How a feature enters a distance: one setting of vars.features, or the default of all features. -#}
{% macro feature_setting(feature, setting) -%}
    {{- return((var("features") or {}).get(feature, {}).get(setting, var("feature_defaults")[setting])) -}}
{%- endmacro %}
