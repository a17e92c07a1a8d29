{#- The rejected rows of an input in the columns of rejected_records. -#}
{% macro rejected_rows(input) -%}
    {%- set keys = key_columns(input) -%}
    {%- for source in ['checked', 'duplicates'] %}
    select
        '{{ input }}' as input,
        {% for key in keys %}coalesce({{ key }}, ''){{ " || '/' || " if not loop.last }}{% endfor %} as record_key,
        reject_rule as rule,
        reject_reason as reason,
        raw_row
    from {{ ref('stg_' ~ input ~ '_' ~ source) }}
    where reject_rule is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
