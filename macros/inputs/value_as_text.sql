{#- A raw value as text that reads alike whatever engine and type it comes from.
    family: type_family of the raw column. -#}
{% macro value_as_text(value, family) -%}
    {{ double_as_text(value) if family in ['float', 'single'] else 'cast(' ~ value ~ ' as string)' }}
{%- endmacro %}
