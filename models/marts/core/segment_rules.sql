-- One row per clustering segmentation, segment and rule: a condition on the columns of dim_customers that places most
-- customers as the model does.
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
        segments.segment_name,
        rules.rule_number,
        rules.condition,
        rules.conditions,
        rules.customers,
        rules.coverage,
        rules.precision,
        rules.fidelity
    from rules
    inner join segments on rules.segmentation = segments.segmentation and rules.segment_id = segments.segment_id
    -- Where a fallback is published, the rules of the clusters explain nothing that anybody sees.
    where not segments.is_fallback

)

select * from final
