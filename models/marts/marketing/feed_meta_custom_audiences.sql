-- One row per audience and member, as Meta Custom Audiences take them: every identifier is a SHA-256 in lower
-- hexadecimal digits.
-- depends_on: {{ ref("publication_gate") }}
with members as (

    select *
    from {{ ref("feed_members") }}
    where platform = 'meta' and {{ changed_only("member_key") }}

),

final as (

    select
        segmentation,
        segment_id,
        {%- for column in feed_columns() %}
        {{ column }} as {{ column | replace("_identifier", "_sha256") }},
        {%- endfor %}
        member_key
    from members

)

select * from final
