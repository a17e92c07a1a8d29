-- One row per current customer: the segments of all segmentations, in a column for each in the order of the
-- configuration. What adds up by segment is summed once per combination of them, not once per segmentation.
with customer_segments as (

    select
        customer_id,
        segmentation,
        segment_id
    from {{ ref("customer_segments") }}
    where {{ changed_only("customer_id") }}

),

final as (

    select
        {%- for segmentation in var("segmentations") or {} %}
        max(case when segmentation = '{{ segmentation }}' then segment_id end) as {{ label_columns()[loop.index0] }},
        {%- else %}
        cast(null as integer) as {{ label_columns()[0] }},
        {%- endfor %}
        customer_id
    from customer_segments
    group by customer_id

)

select * from final
