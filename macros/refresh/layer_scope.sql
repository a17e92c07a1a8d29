{#- One row: whether this run builds a layer whole, and why.
    A layer is built whole where its fingerprint is not that of the run before, finished or not, or where the run before
    was to build it whole and was never published. So what a run that died has left behind is never taken for the result
    of the last good one.
    fingerprint: a scalar of type string. difference: the reason that a changed fingerprint is. reasons: further
    scalars, each the reason for a full run, or null. extra: {column: (type, expression)} to be kept beside. Both may refer
    to `previous`, the row of the run before, if there was one, and extra to `published`, which has it if it ended well, and
    to `this_run`, with fingerprint and reason. -#}
{% macro layer_scope(fingerprint, difference, reasons=[], extra={}) -%}
{%- set columns = {"invocation_id": "string", "fingerprint": "string", "is_full": "boolean", "reason": "string"} %}
{%- for name, (type, expression) in extra.items() -%}
    {%- do columns.update({name: type}) -%}
{%- endfor %}
{%- set before = earlier(this) -%}
{#- A table of an earlier form of the project tells nothing. -#}
{%- if before and columns | reject("in", adapter.get_columns_in_relation(before) | map(attribute="name") | list) | list -%}
    {%- set before = none -%}
{%- endif %}
with previous as (

    {% if before -%}
    select {{ columns | join(", ") }}
    from {{ before }}
    {%- else -%}
    {{ no_rows(columns) }}
    {%- endif %}

),

this_run as (

    select {{ fingerprint }} as fingerprint

),

explained as (

    select
        this_run.fingerprint,
        coalesce(
            {%- for reason in reasons %}
            {{ reason }},
            {%- endfor %}
            case
                when previous.fingerprint is null then 'nothing is there from an earlier run'
                when previous.fingerprint <> this_run.fingerprint then {{ string_literal(difference) }}
                when previous.is_full and published.invocation_id is null
                    then 'the last full run did not end in a publication'
            end
        ) as reason
    from this_run
    left join previous on true
    left join ({{ published_runs() }}) as published on previous.invocation_id = published.invocation_id

),

final as (

    select
        '{{ invocation_id }}' as invocation_id,
        this_run.fingerprint,
        this_run.reason is not null as is_full,
        this_run.reason
        {%- for name, (type, expression) in extra.items() %},
        {{ expression }} as {{ name }}
        {%- endfor %}
    from explained as this_run
    left join previous on true
    left join ({{ published_runs() }}) as published on previous.invocation_id = published.invocation_id

)
{%- endmacro %}


{#- What a table holds before it is built anew; none where it is not there. It is read by name, as a table cannot refer
    to itself, nor to one that comes later. -#}
{% macro earlier(relation) -%}
    {{ return(adapter.get_relation(relation.database, relation.schema, relation.identifier) if execute) }}
{%- endmacro %}


{#- The ids under which runs noted what they work on that were published since. -#}
{% macro published_runs() -%}
    {%- set commits = earlier(this.incorporate(path={"identifier": "refresh_commit"})) -%}
    {%- if commits -%}
        select invocation_id from {{ commits }}
    {%- else -%}
        {{ no_rows({"invocation_id": "string"}) }}
    {%- endif -%}
{%- endmacro %}


{#- A condition for `extra`: what the run before has left of other dates than the current one can be relied upon. -#}
{% macro past_is_whole() -%}
    (published.invocation_id is not null or previous.keeps_past or not previous.is_full)
{%- endmacro %}
