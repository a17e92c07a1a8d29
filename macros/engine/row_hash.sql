{#- A 64-bit number for a row, nulls included, such that the exact sum over rows tells any two sets of rows apart but
    for chance. Like key_hash it depends on the engine: kept by one build, it is compared by the next one of the same
    engine alone. -#}
{% macro row_hash(expressions) -%}
    {{ return(adapter.dispatch('row_hash')(expressions)) }}
{%- endmacro %}

{% macro duckdb__row_hash(expressions) -%}
    hash({{ expressions | join(', ') }})
{%- endmacro %}

{#- xxhash64 passes over nulls, so a value that moves to another column would go unnoticed; a sum of bigints overflows. -#}
{% macro default__row_hash(expressions) -%}
    cast(xxhash64(
        {%- for expression in expressions %}
        coalesce(concat('=', cast({{ expression }} as string)), '-'){{ ',' if not loop.last }}
        {%- endfor %}
    ) as decimal(38, 0))
{%- endmacro %}


{#- The types of key_hash and of a sum of row_hash. -#}
{% macro hash_types() -%}
    {{ return(adapter.dispatch('hash_types')()) }}
{%- endmacro %}

{% macro duckdb__hash_types() -%}
    {{ return({'key_hash': 'ubigint', 'digest': 'hugeint'}) }}
{%- endmacro %}

{% macro default__hash_types() -%}
    {{ return({'key_hash': 'bigint', 'digest': 'decimal(38, 0)'}) }}
{%- endmacro %}
