{#- The rows of an input as two numbers: key_hash of the key that changes are followed by (lines by their order), and
    row_hash of all columns. A generated column follows from the others, and is dear. -#}
{% macro hashed_rows(input) -%}
    {#- Named here so that dbt, while it reads the project, takes a seed or model behind the input for a parent. -#}
    {%- set source = input_source(input) if has_input(input) -%}
    {%- set key = key_columns(input)[0] -%}
    {%- set columns = [] -%}
    {%- for column in input_mapping(input, none) if column.name == key or not column.is_generated -%}
        {%- do columns.append('source.' ~ column.name) -%}
    {%- endfor -%}
    select
        {{ typed_key_hash(input, key) }} as key_hash,
        {{ row_hash(["'" ~ input ~ "'"] + columns) }} as row_hash
    from {{ ref('raw_' ~ input) }} as source
{%- endmacro %}


{#- The hash of a raw column as staging types it: ' 7 ' and 7 are one key. -#}
{% macro typed_key_hash(input, column) -%}
    {{ key_hash([typed_value(column, 'string', raw_families(input)[column])]) }}
{%- endmacro %}
