{#- One parameter of a model as a column, from its rows: to be used in an aggregate over model parameters. -#}
{% macro parameter(kind, feature=none, level=none, slot=none, value="value_double") -%}
    max(case when kind = '{{ kind }}'
        {%- if feature is not none %} and feature = '{{ feature }}'{% endif %}
        {%- if level is not none %} and level = '{{ level }}'{% endif %}
        {%- if slot is not none %} and slot = {{ slot }}{% endif %} then {{ value }} end)
{%- endmacro %}
