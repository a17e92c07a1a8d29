{% test names_are_of_segments(model, names) %}
{#- Every override of a name is of a segment that exists. Which is not is printed, with what to do: a count of failing
    rows tells nobody.
    names: a table like segment_names. -#}
{%- set query -%}
    select
        names.segmentation,
        names.segment_id,
        names.segment_name,
        names.owner
    from {{ names }} as names
    left join {{ model }} as segments
        on names.segmentation = segments.segmentation and names.segment_id = segments.segment_id
    where segments.segment_id is null
{%- endset -%}
{%- if execute and flags.WHICH in ['build', 'test', 'retry'] -%}
    {%- for row in run_query(query).rows -%}
        {%- do log(
            "The name '" ~ row[2] ~ "' of " ~ row[3] ~ " is for segment " ~ row[1] ~ " of segmentation '" ~ row[0]
            ~ "', which does not exist. Correct or remove its row in seeds/reference/segment_names.csv.", info=true
        ) -%}
    {%- endfor -%}
{%- endif -%}
{{ query }}
{% endtest %}
