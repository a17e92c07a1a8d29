-- One row per platform, audience and member of the latest export: what the platforms hold if they follow the changes.
-- Built after publication: an export that nobody could read is no export, and its changes are told again.
-- depends_on: {{ ref("publication") }}
{%- set columns = ["platform", "segmentation", "segment_id", "member_key"] + feed_columns().keys() | list %}
with gate as (

    select * from {{ ref("publication_gate") }}

),

now_exported as (

    select * from {{ ref("feed_members") }}

),

previous as (

    select * from {{ ref("previous_feed_members") }}

),

export_numbers as (

    select coalesce(max(export_number), 0) as export_number
    from {{ ref("feed_changes") }}

),

last_export as (

    select coalesce(max(export_number), 0) as export_number
    from previous

),

final as (

    select
        {%- for column in columns %}
        now_exported.{{ column }},
        {%- endfor %}
        cast(greatest(export_numbers.export_number, last_export.export_number) as integer) as export_number
    from now_exported
    cross join gate
    cross join export_numbers
    cross join last_export
    where {{ is_past_gate("gate") }}

    union all

    select
        {%- for column in columns %}
        previous.{{ column }},
        {%- endfor %}
        previous.export_number
    from previous
    cross join gate
    where not coalesce({{ is_past_gate("gate") }}, false)

)

select * from final
