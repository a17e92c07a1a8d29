-- One row per platform, audience and member of the latest export: what the platforms hold if they follow the changes.
-- Built after publication: an export that nobody could read is no export, and its changes are told again.
-- depends_on: {{ ref("publication") }}
{%- set columns = ["platform", "segmentation", "segment_id", "member_key"] + feed_columns().keys() | list %}
with gate as (

    select * from {{ ref("publication_gate") }}

),

now_exported as (

    select *
    from {{ ref("feed_members") }}
    where {{ changed_only("member_key") }}

),

previous as (

    select *
    from {{ ref("previous_feed_members") }}
    where {{ changed_only("member_key") }}

),

final as (

    select now_exported.{{ columns | join(", now_exported.") }}
    from now_exported
    cross join gate
    where {{ is_past_gate("gate") }}

    union all

    select previous.{{ columns | join(", previous.") }}
    from previous
    cross join gate
    where not coalesce({{ is_past_gate("gate") }}, false)

)

select * from final
