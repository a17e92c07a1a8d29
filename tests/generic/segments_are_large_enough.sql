{#- Every segment holds the share that its segmentation asks for. Which does not is told by name, with both figures: a count
    of failing rows tells nobody. -#}
{% test segments_are_large_enough(model, column_name) %}
{%- set query -%}
    select
        segmentation,
        segment_id,
        segment_name,
        customers,
        {{ percent_text(column_name, decimals=2) }} as found,
        {{ percent_text("lowest_share", decimals=2) }} as wanted,
        {{ percent_text("min_share", decimals=2) }} as min_share
    from {{ model }}
    where {{ column_name }} < lowest_share
{%- endset -%}
{%- if execute and flags.WHICH in ['build', 'test', 'retry'] -%}
    {%- for row in run_query(query ~ " order by segmentation, segment_id").rows -%}
        {%- do log(
            "Segmentation '" ~ row[0] ~ "': segment " ~ row[1] ~ " ('" ~ row[2] ~ "') holds " ~ row[3] ~ " customers, "
            ~ row[4] ~ " of those with a segment, and at least " ~ row[5] ~ " is wanted (candidate_gates.smallest_share of "
            ~ "min_share, " ~ row[6] ~ "). Lower min_share or k, or set transform: log or a clip for its features.", info=true
        ) -%}
    {%- endfor -%}
{%- endif -%}
{{ query }}
{% endtest %}
