{#- Stops the run where the types of columns cannot be cast to the declared ones. A column without any value may have any
    type: writers of Parquet guess one for it. -#}
{% macro check_input_types(input, source_columns) -%}
    {%- set accepted = {
        'string': ['text', 'integer', 'number', 'float', 'single', 'boolean', 'date', 'timestamp', 'other'],
        'decimal': ['text', 'integer', 'number', 'float', 'single'],
        'double': ['text', 'integer', 'number', 'float', 'single'],
        'integer': ['text', 'integer', 'number', 'float', 'single'],
        'boolean': ['text', 'integer', 'boolean'],
        'date': ['text', 'date', 'timestamp'],
        'timestamp': ['text', 'date', 'timestamp'],
    } -%}
    {%- set query = mapped_rows(input, input_mapping(input, source_columns)) -%}
    {%- set problems = [] -%}
    {%- set found = {} -%}
    {%- for column in describe_query(query) -%}
        {%- do found.update({column.name | lower: column.type}) -%}
    {%- endfor -%}
    {%- for column in input_mapping(input, source_columns) if column.expression is not none -%}
        {%- if type_family(found[column.name]) not in accepted[column.type.split('(')[0]] -%}
            {%- set counted = 'select count(' ~ column.name ~ ') from (' ~ query ~ ') as mapped' -%}
            {%- if run_query(counted).rows[0][0] | int > 0 -%}
                {%- set expected = 'text or a plain value' if column.type == 'string'
                    else column.type ~ ', or text that holds one' -%}
                {%- do problems.append("Input " ~ input ~ ", column " ~ column.name ~ ": expected " ~ expected ~ ", found "
                    ~ found[column.name] ~ " (from " ~ column.expression
                    ~ "). Set vars.inputs." ~ input ~ ".columns." ~ column.name ~ " to a SQL expression that gives a "
                    ~ column.type ~ ".") -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if problems -%}
        {%- do stop(problems | join("\n")) -%}
    {%- endif -%}
{%- endmacro %}
