{#- Sentences about columns of the source, mapped by their names, whose type cannot be cast to the declared one. -#}
{% macro check_column_types(input, source_columns) -%}
    {%- set types = {} -%}
    {%- for column in source_columns -%}
        {%- do types.update({column.name | lower: column.type}) -%}
    {%- endfor -%}
    {%- set found = {} -%}
    {%- for column in input_mapping(input, source_columns) if column.is_name -%}
        {%- do found.update({column.name: types[column.source | lower]}) -%}
    {%- endfor -%}
    {{ return(problems_of_types(input, source_columns, found)) }}
{%- endmacro %}


{#- The same of mapped expressions, which the engine must look at. -#}
{% macro check_expression_types(input, source_columns) -%}
    {%- set expressions = input_mapping(input, source_columns) | rejectattr('is_name') | rejectattr('expression', 'none')
        | list -%}
    {%- set found = {} -%}
    {%- if expressions -%}
        {%- for column in describe_query(mapped_rows(input, expressions)) -%}
            {%- do found.update({column.name | lower: column.type}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(problems_of_types(input, source_columns, found)) }}
{%- endmacro %}


{#- Sentences about columns that are found with these types, {column: type}. A column without any value may have any type:
    writers of Parquet guess one for it. -#}
{% macro problems_of_types(input, source_columns, found) -%}
    {%- set accepted = {
        'string': ['text', 'integer', 'number', 'float', 'single', 'boolean', 'date', 'timestamp', 'other'],
        'decimal': ['text', 'integer', 'number', 'float', 'single'],
        'double': ['text', 'integer', 'number', 'float', 'single'],
        'integer': ['text', 'integer', 'number', 'float', 'single'],
        'boolean': ['text', 'integer', 'boolean'],
        'date': ['text', 'date', 'timestamp'],
        'timestamp': ['text', 'date', 'timestamp'],
    } -%}
    {%- set problems = [] -%}
    {%- for column in input_mapping(input, source_columns) if column.name in found -%}
        {%- if type_family(found[column.name]) not in accepted[column.type.split('(')[0]] -%}
            {%- set counted = 'select count(' ~ column.expression ~ ') from ' ~ input_source(input) -%}
            {%- if run_query(counted).rows[0][0] | int > 0 -%}
                {%- set expected = 'text or a plain value' if column.type == 'string'
                    else column.type ~ ', or text that holds one' -%}
                {%- do problems.append("Input " ~ input ~ ", column " ~ column.name ~ ": expected " ~ expected ~ ", found "
                    ~ found[column.name] ~ " (from " ~ (column.source if column.is_name else column.expression)
                    ~ "). Set vars.inputs." ~ input ~ ".columns." ~ column.name ~ " to a SQL expression that gives a "
                    ~ column.type ~ ".") -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(problems) }}
{%- endmacro %}
