-- One row per rules segmentation, customer and as-of date: the one segment whose rule holds, or the reason why none does.
with customers as (

    select *
    from {{ ref("customer_features") }}
    where {{ changed_only("customer_id") }}

),

configuration as (

    select
        segmentation,
        uses_orders
    from {{ ref("resolved_configuration") }}

),

labelled as (

    {% for segmentation in segmentations_of(["rules"]) %}
    {%- set segments = var("segmentations")[segmentation]["segments"] %}
    select
        '{{ segmentation }}' as segmentation,
        customer_id,
        as_of_date,
        is_current,
        has_purchased,
        purchase_status,
        case
            {%- for segment in segments %}
            when {{ segment["when"] }} then {{ loop.index }}
            {%- endfor %}
        end as segment_id,
        case
            {%- for feature in rule_features(segments) %}
            when {{ feature }} is null then 'missing {{ feature }}'
            {%- endfor %}
        end as missing_reason
    from customers
    {{ "union all" if not loop.last }}
    {% else %}
    {{ no_rows({
        "segmentation": "string", "customer_id": "string", "as_of_date": "date", "is_current": "boolean",
        "has_purchased": "boolean", "purchase_status": "string", "segment_id": "integer", "missing_reason": "string",
    }) }}
    {% endfor %}

),

final as (

    select
        labelled.segmentation,
        labelled.customer_id,
        labelled.as_of_date,
        labelled.is_current,
        case
            when labelled.has_purchased or not configuration.uses_orders then labelled.segment_id
        end as segment_id,
        case
            when configuration.uses_orders and not labelled.has_purchased then labelled.purchase_status
            when labelled.segment_id is null then labelled.missing_reason
        end as reason
    from labelled
    inner join configuration on labelled.segmentation = configuration.segmentation

)

select * from final
