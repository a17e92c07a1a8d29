{#- The rows of an input that nothing rejects, one per key. -#}
{% macro accepted_rows(input, columns=none) -%}
    {%- set columns = columns or (input_columns(input) | map(attribute='name') | list) -%}
    select {{ columns | join(', ') }}
    from {{ ref('stg_' ~ input ~ '_checked') }}
    where reject_rule is null and not is_repeated
    union all
    select {{ columns | join(', ') }}
    from {{ ref('stg_' ~ input ~ '_duplicates') }}
    where reject_rule is null
{%- endmacro %}
