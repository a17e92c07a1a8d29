-- One row per segmentation that learns online and eligible current customer: a fingerprint of the features that the
-- active model has counted, one of today's, and the generation of the model that counts today's if it passes the gate.
-- Nothing is counted twice or missed, wherever a build stopped: what a generation has counted is known to the registry
-- alone, and this table says of each customer what that was.
{%- set earlier = adapter.get_relation(database=this.database, schema=this.schema, identifier=this.identifier)
    if execute %}
{%- set columns = {
    "segmentation": "string", "customer_id": "string", "counted_fingerprint": "string", "fingerprint": "string",
    "generation": "integer",
} %}
with customers as (

    select * from {{ ref("current_features") }}

),

{% if online_segmentations() %}
configuration as (

    select * from {{ ref("resolved_configuration") }}

),

{% endif %}
active as (

    select
        segmentation,
        max(generation) as generation
    from {{ ref("previous_parameters") }}
    group by segmentation

),

earlier as (

    {% if earlier -%}
    select * from {{ earlier }}
    {%- else -%}
    {{ no_rows(columns) }}
    {%- endif %}

),

counted as (

    select
        earlier.segmentation,
        earlier.customer_id,
        case
            when active.generation >= earlier.generation then earlier.fingerprint
            else earlier.counted_fingerprint
        end as fingerprint
    from earlier
    inner join active on earlier.segmentation = active.segmentation

),

today as (

    {% for segmentation in online_segmentations() %}
    select
        '{{ segmentation }}' as segmentation,
        customer_id,
        {{ values_fingerprint(var("segmentations")[segmentation]["features"]) }} as fingerprint
    from customers
    where {{ is_eligible_now(segmentation, "customers", "configuration") }}
    union all
    {% endfor %}
    {{ no_rows({"segmentation": "string", "customer_id": "string", "fingerprint": "string"}, "customers") }}

),

-- A model that begins to learn takes note of everybody and counts nobody: it was made from them.
begun as (

    select distinct segmentation from earlier

),

final as (

    select
        today.segmentation,
        today.customer_id,
        counted.fingerprint as counted_fingerprint,
        today.fingerprint,
        cast(
            coalesce(active.generation, 0)
            + case when active.generation is not null and begun.segmentation is null then 0 else 1 end as integer
        ) as generation
    from today
    left join active on today.segmentation = active.segmentation
    left join begun on today.segmentation = begun.segmentation
    left join counted
        on today.segmentation = counted.segmentation and today.customer_id = counted.customer_id

)

select * from final
