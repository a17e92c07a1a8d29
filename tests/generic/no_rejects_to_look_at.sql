{% test no_rejects_to_look_at(model, rules) %}
{#- Holds for a table like rejected_records: no row was rejected by a rule that asks for somebody's attention, however few
    rows it strikes. What there is, is printed with its input and its count.
    rules: {rule: what it means and what to do}. -#}
{%- set query -%}
    select input, rule, count(*) as rejected_rows, min(reason) as example
    from {{ model }}
    where rule in ({{ quoted_list(rules | list) }})
    group by input, rule
    order by input, rule
{%- endset -%}
{%- if execute and flags.WHICH in ['build', 'test', 'retry'] -%}
    {%- for row in run_query(query).rows -%}
        {%- do log(
            "Warning: input " ~ row[0] ~ ": " ~ row[2] ~ " rows are rejected as " ~ row[1] ~ ". " ~ rules[row[1]]
            ~ " Such as: " ~ row[3] ~ ". See rejected_records.", info=true
        ) -%}
    {%- endfor -%}
{%- endif -%}
{{ query }}
{% endtest %}
