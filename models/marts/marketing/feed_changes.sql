-- One row per platform, audience and member to be added or removed since the last export.
-- depends_on: {{ ref("publication_gate") }}
{%- set columns = ["platform", "segmentation", "segment_id", "member_key"] + feed_columns().keys() | list %}
with now_exported as (

    select *
    from {{ ref("feed_members") }}
    where {{ changed_only("member_key") }}

),

previous as (

    select *
    from {{ ref("previous_feed_members") }}
    where {{ changed_only("member_key") }}

),

changes as (

    {%- for change, here, there in [("add", "now_exported", "previous"), ("remove", "previous", "now_exported")] %}
    select
        {%- for column in columns %}
        {{ here }}.{{ column }},
        {%- endfor %}
        '{{ change }}' as change
    from {{ here }}
    left join {{ there }}
        on
            {{ here }}.platform = {{ there }}.platform
            and {{ here }}.segmentation = {{ there }}.segmentation
            and {{ here }}.segment_id = {{ there }}.segment_id
            and {{ here }}.member_key = {{ there }}.member_key
    where {{ there }}.member_key is null
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

last_export as (

    {{ last_export() | indent(4) }}

),

final as (

    select
        changes.platform,
        changes.segmentation,
        changes.segment_id,
        changes.member_key,
        changes.change,
        {%- for column in feed_columns() %}
        changes.{{ column }},
        {%- endfor %}
        cast(last_export.export_number + 1 as integer) as export_number
    from changes
    cross join last_export

)

select * from final
