{#- Clusters are worth having. Which are not is told by name, with the reasons and what stands in their place. -#}
{% test clusters_are_advised(model, column_name) %}
{%- set query -%}
    select
        segmentation,
        reasons,
        fallback
    from {{ model }}
    where {{ column_name }} = 'not advised'
{%- endset -%}
{%- if execute and flags.WHICH in ['build', 'test', 'retry'] -%}
    {%- for row in run_query(query ~ " order by segmentation").rows -%}
        {%- do log(
            "Segmentation '" ~ row[0] ~ "': clusters are not advised. " ~ row[1] ~ " " ~ (
                "The segments of '" ~ row[2] ~ "' stand in their place (variable advice.fallback)."
                if row[2] else
                "They are published all the same, since advice.fallback names nothing to take their place."
            ), info=true
        ) -%}
    {%- endfor -%}
{%- endif -%}
{{ query }}
{% endtest %}
