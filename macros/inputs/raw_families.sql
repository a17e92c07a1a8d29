{#- {column: type_family} of a raw_<input> view, as the warehouse has it. Where the view is not there (linting,
    compiling), every column is taken for text, the case with the longest SQL. -#}
{% macro raw_families(input) -%}
    {%- set families = {} -%}
    {%- for column in input_columns(input) -%}
        {%- do families.update({column.name: 'text'}) -%}
    {%- endfor -%}
    {%- set view = ref('raw_' ~ input) -%}
    {%- if execute and adapter.get_relation(view.database, view.schema, view.identifier) -%}
        {%- for column in adapter.get_columns_in_relation(view) -%}
            {%- do families.update({column.name | lower: type_family(column.data_type)}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(families) }}
{%- endmacro %}
