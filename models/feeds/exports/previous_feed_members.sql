-- One row per platform, audience and member of the last export: empty before the first one.
-- What was exported is kept behind publication, so it is read by name and not by ref: a ref would close a circle. Nor
-- is it a view, which a run on some inputs would leave as an earlier one made it: whoever reads it looks for itself.
{%- set exported = adapter.get_relation(
    database=this.database,
    schema=generate_schema_name("feeds", model),
    identifier="exported_feed_members"
) if execute %}
{%- set columns = {
    "platform": "string", "segmentation": "string", "segment_id": "integer", "member_key": "string",
} %}
{%- do columns.update(feed_columns()) %}

{% if exported %}
with final as (

    select {{ columns | join(", ") }}
    from {{ exported }}

)
{% else %}
with final as (

    {{ no_rows(columns) }}

)
{% endif %}

select * from final
