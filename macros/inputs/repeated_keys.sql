{#- The hashes of keys that occur in more than one raw row. Only the key columns are read, and only the few rows
    found here are ever sorted to find the latest. A key with a generated part cannot repeat. -#}
{% macro repeated_keys(input) -%}
    {%- set families = raw_families(input) -%}
    {%- set keys = [] -%}
    {%- set generated = [] -%}
    {%- for name in key_columns(input) -%}
        {%- do keys.append(typed_value(name, 'string', families[name])) -%}
    {%- endfor -%}
    {%- for column in input_mapping(input, none) if column.role == 'key' and column.is_generated -%}
        {%- do generated.append(column.name) -%}
    {%- endfor -%}
    select {{ key_hash(keys) }} as key_hash
    from {{ ref('raw_' ~ input) }} as source
    where {{ '1 = 0' if generated else changed_rows(input) }}
    group by 1
    having count(*) > 1
{%- endmacro %}
