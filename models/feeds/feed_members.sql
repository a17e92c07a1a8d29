-- One row per platform, audience and member to be exported. Customers who share all identifiers are one member: taking
-- one of them off must not take off the other.
with exported as (

    select distinct
        platform,
        segmentation,
        segment_id,
        {{ feed_columns() | join(", ") }}
    from {{ ref("feed_candidates") }}
    where outcome = 'exported'

),

final as (

    select
        *,
        md5(concat(
            {%- for column in feed_columns() %}
            coalesce({{ column }}, ''){{ ", '|'," if not loop.last }}
            {%- endfor %}
        )) as member_key
    from exported

)

select * from final
