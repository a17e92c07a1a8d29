{#- One row per key of an input of which some row was rejected, with the rule that set it aside on request, if one did. -#}
{% macro rejected_keys(input, key) -%}
    select
        {{ key }},
        max(case when reject_rule in ({{ quoted_list(set_aside_rules()) }}) then reject_rule end) as set_aside_rule
    from {{ ref('stg_' ~ input ~ '_checked') }}
    where reject_rule is not null and {{ key }} is not null
    group by {{ key }}
{%- endmacro %}
