-- One row per clustering segmentation, segment and rule: conditions in SQL that stand for the model's distances.
-- depends_on: {{ ref("publication_gate") }}
with rules as (

    select * from {{ ref("surrogate_rules") }}

),

segments as (

    select * from {{ ref("segment_definitions") }}

),

final as (

    select
        rules.segmentation,
        rules.segment_id,
        rules.rule_number,
        segments.segment_name,
        rules.rule_sql,
        rules.conditions,
        rules.sample_customers,
        rules.fidelity,
        rules.coverage,
        rules.segmentation_fidelity,
        segments.model_version
    from rules
    inner join segments on rules.segmentation = segments.segmentation and rules.segment_id = segments.segment_id

)

select * from final
