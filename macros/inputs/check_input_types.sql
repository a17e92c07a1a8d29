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


{#- The same of mapped expressions, which the engine must look at; and sentences about those that it cannot compute, but
    for what `check_input_columns` has said. -#}
{% macro check_expression_types(input, source_columns) -%}
    {%- set problems = [] -%}
    {%- set names = source_columns | map(attribute='name') | list -%}
    {%- set expressions = [] -%}
    {%- for column in input_mapping(input, source_columns) if column.expression is not none and not column.is_name -%}
        {%- if not problem_of_expression(column, names, '') -%}
            {%- do expressions.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {#- One by one where they cannot all be computed. -#}
    {%- set is_one_wrong = expressions and error_of_description(mapped_rows(input, expressions)) -%}
    {%- set sound = [] -%}
    {%- for column in expressions -%}
        {%- set error = is_one_wrong and error_of_description(
            'select (\n' ~ column.expression ~ '\n) as ' ~ column.name ~ ' from ' ~ input_source(input)
        ) -%}
        {%- if error -%}
            {%- do problems.append("Input " ~ input ~ ", column " ~ column.name ~ ": " ~ column.expression
                ~ " cannot be computed (" ~ (error | trim).split('\n')[0] ~ "). Set vars.inputs." ~ input ~ ".columns."
                ~ column.name ~ " to a SQL expression that gives a " ~ column.type ~ ".") -%}
        {%- else -%}
            {%- do sound.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set found = {} -%}
    {%- for column in (describe_query(mapped_rows(input, sound)) if sound else []) -%}
        {%- do found.update({column.name | lower: column.type}) -%}
    {%- endfor -%}
    {{ return(problems + problems_of_types(input, source_columns, found)) }}
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
