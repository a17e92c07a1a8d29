{% test reject_share_within_limit(model, rejected) %}
{#- Holds for a table like input_reconciliation: no input has a larger share of rejected rows than it may have
    (vars.inputs.<input>.max_reject_share, else default_max_reject_share). What is wrong is printed, since a count of
    failing rows tells nobody what to do.
    rejected: a table like rejected_records. -#}
{%- set query -%}
    select
        input,
        raw_rows,
        rejected_rows - set_aside_rows as rejected_rows,
        reject_share,
        max_reject_share,
        set_aside_rows
    from {{ model }}
    where reject_share > max_reject_share
{%- endset -%}
{%- if execute and flags.WHICH in ['build', 'test', 'retry'] -%}
    {%- for row in run_query(query).rows -%}
        {%- do log(
            "Input " ~ row[0] ~ ": " ~ row[2] ~ " of " ~ (row[1] - row[5]) ~ " rows are rejected, a share of " ~ row[3]
            ~ (" (the input has " ~ row[1] ~ " rows, of which " ~ row[5]
                ~ " are deleted at the source or later than the as-of date and count neither way)" if row[5])
            ~ "; expected at most " ~ row[4] ~ ". " ~ reject_summary(rejected, row[0])
            ~ ". See rejected_records; correct the data or the mapping in vars.inputs." ~ row[0]
            ~ ".columns, or set vars.inputs." ~ row[0] ~ ".max_reject_share.", info=true
        ) -%}
    {%- endfor -%}
{%- endif -%}
{{ query }}
{% endtest %}
