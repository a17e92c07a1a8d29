{#- How each column of an input is obtained: the columns of input_columns with `expression` (SQL, none where the input
    does not have it) and `is_generated`. A column that vars.inputs does not map is the source's column of that name.
    source_columns: what input_source_columns returned; none, where the source is not there, takes every column that
    the input must have for present. -#}
{% macro input_mapping(input, source_columns) -%}
    {%- set setting = input_setting(input) -%}
    {%- set mapped = setting.get('columns') if setting.get('columns') is mapping else {} -%}
    {%- set present = (source_columns or []) | map(attribute='name') | map('lower') | list -%}
    {%- set mapping = [] -%}
    {%- for column in input_columns(input) -%}
        {%- set expression = mapped.get(column.name) -%}
        {%- if expression is none -%}
            {%- if column.name in present or (source_columns is none and column.role != 'optional') -%}
                {%- set expression = column.name -%}
            {%- endif -%}
        {%- endif -%}
        {%- set is_generated = (expression | string | trim | lower) == 'generated' -%}
        {%- do mapping.append(dict(
            column,
            expression=none if is_generated or expression is none else expression | string,
            is_generated=is_generated
        )) -%}
    {%- endfor -%}
    {{ return(mapping) }}
{%- endmacro %}
