{#- The rows of an input's source under the project's column names. A generated id is the md5 of the mapped columns
    and the ordinal among rows that are equal in all of them, so it does not depend on the order of the rows, and two
    equal rows stay two rows. When a row arrived is no part of what it says: with `distinct` the last arrival of equal
    rows is theirs, and no generated id depends on it. -#}
{% macro mapped_rows(input, mapping) -%}
    {%- set generated = mapping | selectattr('is_generated') | map(attribute='name') | list -%}
    {%- set mapped = mapping | rejectattr('is_generated') | list -%}
    {%- set present = mapped | rejectattr('expression', 'none') | list -%}
    {%- set setting = input_setting(input) -%}
    {%- set arrival = 'arrival_number' if setting.get('distinct')
        and 'arrival_number' in (present | map(attribute='name')) else none -%}
with

mapped as (
    select {{ 'distinct' if setting.get('distinct') and not arrival }}
    {%- for column in mapped %}
        {%- if column.expression is none %}
        cast(null as {{ sql_type(column.type) }}) as {{ column.name }}
        {%- else %}
        {#- The comment makes the engine's own message about an expression say where the expression was written. #}
        {% if column.name in (setting.get('columns') or {}) -%}
            /* vars.inputs.{{ input }}.columns.{{ column.name }} */ {{ '' }}
        {%- endif -%}
        {{ 'max(' ~ column.expression ~ ')' if column.name == arrival else column.expression }} as {{ column.name }}
        {%- endif -%}
        {{ ',' if not loop.last }}
    {%- endfor %}
    from {{ input_source(input) }}
    {%- if arrival %}
    group by all
    {%- endif %}
)
{%- if generated %},

fingerprinted as (
    select
        *,
        {{ values_fingerprint(present | map(attribute='name') | reject('equalto', 'arrival_number') | list) }} as row_fingerprint
    from mapped
),

numbered as (
    select
        *,
        row_number() over (partition by row_fingerprint order by row_fingerprint) as row_ordinal
    from fingerprinted
)
{%- endif %}

select
{%- for column in mapping %}
    {%- if column.is_generated %}
    md5(concat(row_fingerprint, '-', cast(row_ordinal as string))) as {{ column.name }}
    {%- else %}
    {{ column.name }}
    {%- endif -%}
    {{ ',' if not loop.last }}
{%- endfor %}
from {{ 'numbered' if generated else 'mapped' }}
{%- endmacro %}
