{#- A number as text: whole, or with the decimals of a type, which all engines write alike. -#}
{% macro as_text(number, type=none) -%}
    cast({{ "cast({} as {})".format(number, type) if type else number }} as {{ dbt.type_string() }})
{%- endmacro %}
