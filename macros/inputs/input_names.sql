{#- The inputs there can be, in the order in which they are judged. -#}
{% macro input_names() -%}
    {{ return(declared_columns() | list) }}
{%- endmacro %}
