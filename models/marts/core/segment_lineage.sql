-- One row per segmentation, generation of its model, segment before and segment after: which segment of a new model is
-- which of the one before. The registry holds it, so it is there for models that passed the gate, and for all of them.
-- depends_on: {{ ref("publication_gate") }}
with registry as (

    select *
    from {{ ref("model_registry") }}
    where kind = 'lineage'

),

configuration as (

    select segmentation
    from {{ ref("resolved_configuration") }}

),

relations as (

    select
        segmentation,
        generation,
        model_version,
        -- No part of the key is null: 0 stands for no segment.
        coalesce(try_cast(level as integer), 0) as from_segment_id,
        coalesce(segment_id, 0) as to_segment_id,
        {{ parameter("lineage", "kind", value="value_string") }} as kind,
        {{ parameter("lineage", "shared_customers") }} as shared_customers,
        {{ parameter("lineage", "from_customers") }} as from_customers,
        {{ parameter("lineage", "to_customers") }} as to_customers
    from registry
    group by segmentation, generation, model_version, level, segment_id

),

final as (

    select
        relations.segmentation,
        relations.generation,
        relations.model_version,
        relations.kind,
        relations.from_segment_id,
        relations.to_segment_id,
        cast(relations.shared_customers as bigint) as shared_customers,
        cast(relations.from_customers as bigint) as from_customers,
        cast(relations.to_customers as bigint) as to_customers,
        round({{ ratio("relations.shared_customers", "relations.from_customers") }}, 6) as share_of_from,
        round({{ ratio("relations.shared_customers", "relations.to_customers") }}, 6) as share_of_to,
        round({{ ratio(
            "relations.shared_customers",
            "(relations.from_customers + relations.to_customers - relations.shared_customers)"
        ) }}, 6) as jaccard
    from relations
    inner join configuration on relations.segmentation = configuration.segmentation

)

select * from final
