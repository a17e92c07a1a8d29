-- One row: the number of the latest export that was published. One without changes has no number of its own.
-- depends_on: {{ ref("publication") }}
{%- set before = earlier(this) %}
with gate as (

    select * from {{ ref("publication_gate") }}

),

before as (

    {{ last_export() | indent(4) }}

),

this_export as (

    select coalesce(max(changes.export_number), max(before.export_number)) as export_number
    from before
    left join {{ ref("feed_changes") }} as changes on true

),

numbers as (

    select this_export.export_number
    from this_export
    cross join gate
    where {{ is_past_gate("gate") }}

    {%- if before %}

    union all

    select export_number
    from {{ before }}
    {%- endif %}

),

final as (

    select cast(coalesce(max(export_number), 0) as integer) as export_number
    from numbers

)

select * from final
