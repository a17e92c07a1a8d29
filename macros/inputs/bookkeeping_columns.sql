{#- The columns that every input may have, by which versions of a row are told apart. -#}
{% macro bookkeeping_columns() -%}
    {{ return(['updated_at', 'loaded_at', 'deleted_at', 'arrival_number']) }}
{%- endmacro %}
