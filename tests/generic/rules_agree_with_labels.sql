{% test rules_agree_with_labels(model, labels, customers, tolerance) %}
{#- Executes the rules of every segmentation on all customers whom they speak of, on whichever engine builds. Nobody meets
    two rules, and rules and model agree as they did on the sample. Yields a row for each segmentation where they do not.
    labels: a table like customer_segments. customers: a table like customer_features. tolerance: of the agreement. -#}
{%- set rules = [] -%}
{%- if execute and flags.WHICH in ['build', 'test', 'retry'] -%}
    {%- set rules = run_query(
        "select segmentation, segment_id, rule_sql, segmentation_fidelity from " ~ model
        ~ " order by segmentation, segment_id, rule_number"
    ).rows -%}
{%- endif -%}
{%- for segmentation, own in rules | groupby(0) %}
select
    '{{ segmentation }}' as segmentation,
    avg(case when by_rule = raw_segment_id then 1.0 else 0.0 end) as agreement,
    max(rules_met) as rules_met
from (
    select
        labels.raw_segment_id,
        case
            {%- for rule in own %}
            when {{ rule[2] }} then {{ rule[1] }}
            {%- endfor %}
        end as by_rule,
        {%- for rule in own %}
        case when {{ rule[2] }} then 1 else 0 end{{ " +" if not loop.last }}
        {%- endfor %} as rules_met
    from {{ customers }} as customers
    -- Rules name features alone: no column of labels may have the name of one.
    inner join (
        select
            customer_id as labelled_id,
            raw_segment_id
        from {{ labels }}
        where
            segmentation = '{{ segmentation }}'
            and raw_segment_id is not null
            and assigned_by <> 'fallback'
    ) as labels on customers.customer_id = labels.labelled_id
    where customers.is_current
) as judged
having
    max(rules_met) > 1
    or avg(case when by_rule = raw_segment_id then 1.0 else 0.0 end) < {{ (own | first)[3] }} - {{ tolerance }}
{{ "union all" if not loop.last }}
{%- else %}
select segmentation from {{ model }} where 1 = 0
{%- endfor %}
{% endtest %}
