{#- The hashes of keys that occur in more than one raw row. Only the few rows found here are ever sorted to find the
    latest. Among all rows only the key columns are read; of a part of them, the CTE `typed` holds all there are.
    A key with a generated part cannot repeat. -#}
{% macro repeated_keys(input) -%}
    {%- set keys = [] -%}
    {%- set generated = [] -%}
    {%- for name in key_columns(input) if is_full_run() -%}
        {%- do keys.append(typed_value(name, 'string', raw_families(input)[name])) -%}
    {%- endfor -%}
    {%- for column in input_mapping(input, none) if column.role == 'key' and column.is_generated -%}
        {%- do generated.append(column.name) -%}
    {%- endfor -%}
    select {{ key_hash(keys or key_columns(input)) }} as key_hash
    from {{ ref('raw_' ~ input) ~ ' as source' if keys else 'typed' }}
    where {{ '1 = 0' if generated else 'true' }}
    group by 1
    having count(*) > 1
{%- endmacro %}
