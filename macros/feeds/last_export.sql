{#- A query of one row: the number of the latest export. It is kept behind publication, so it is read by name and not by
    ref: a ref would close a circle. An export that was begun and never noted as done may have been read or not. Its
    number is passed over, so that whoever has read it finds one missing and takes the whole feed. -#}
{% macro last_export() -%}
    {%- set feeds = ref("feed_members") -%}
    {%- set done = earlier(feeds.incorporate(path={"identifier": "last_export"})) -%}
    {%- set begun = earlier(feeds.incorporate(path={"identifier": "begun_export"})) -%}
    {%- set number = "(select coalesce(max(done.export_number), 0) from " ~ done ~ " as done)" if done else "0" -%}
    {%- if begun -%}
        select
            max(
                case when begun.export_number > {{ number }} then begun.export_number + 1 else {{ number }} end
            ) as export_number
        from {{ begun }} as begun
    {%- else -%}
        select {{ number }} as export_number
    {%- endif -%}
{%- endmacro %}


{#- Called before publication: notes the number of the export that is about to be published. -#}
{% macro note_begun_export() -%}
    {%- set changes = ref("feed_changes") -%}
    {%- set feeds = ref("feed_members") -%}
    {%- if execute and flags.WHICH != "run" -%}
        {%- set number = run_query("select max(export_number) from " ~ changes).rows[0][0] -%}
        {%- if number -%}
            create or replace view {{ feeds.incorporate(path={"identifier": "begun_export"}, type="view") }}
            as select cast({{ number }} as integer) as export_number
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
