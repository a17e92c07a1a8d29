{#- How each column of an input is obtained: the columns of input_columns with `expression` (SQL, none where the input
    does not have it), `is_generated`, `is_name` (whether it is a column of the source, and no expression over some) and
    `source`, that column's name. A column that vars.inputs does not map is the source's column of that name. What is
    exactly the name of a column is that column, whatever SQL would make of it; to an id `generated` is none.
    source_columns: what input_source_columns returned; none, where the source is not there, takes every column that
    the input must have for present. -#}
{% macro input_mapping(input, source_columns) -%}
    {%- set setting = input_setting(input) -%}
    {%- set mapped = setting.get('columns') if setting.get('columns') is mapping else {} -%}
    {%- set names = (source_columns or []) | map(attribute='name') | list -%}
    {%- set present = names | map('lower') | list -%}
    {%- set mapping = [] -%}
    {%- for column in input_columns(input) -%}
        {%- set expression = mapped.get(column.name) -%}
        {%- if expression is none -%}
            {%- if column.name in present or (source_columns is none and column.role != 'optional') -%}
                {%- set expression = column.name -%}
            {%- endif -%}
        {%- endif -%}
        {%- set is_generated = column.role == 'key' and (expression | string | trim | lower) == 'generated' -%}
        {%- set text = none if is_generated or expression is none else expression | string -%}
        {%- set is_name = text is not none and (text in names or (column.name not in mapped and text in present)) -%}
        {%- do mapping.append(dict(
            column,
            expression=quoted_name(text) if is_name and text in names else text,
            is_generated=is_generated,
            is_name=is_name,
            source=text if is_name else none
        )) -%}
    {%- endfor -%}
    {{ return(mapping) }}
{%- endmacro %}
