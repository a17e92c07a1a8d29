-- One row per segmentation that has something to fit, measure and feature (empty where the measure is of the model as a
-- whole): how far today's customers are from those of the fit, and what this build did about it.
-- depends_on: {{ ref("publication_gate") }}
with measured as (

    select * from {{ ref("measured_drift") }}

),

decisions as (

    select
        segmentation,
        {{ parameter("decision", "action", value="value_string") }} as action,
        {{ parameter("decision", "reason", value="value_string") }} as reason
    from {{ ref("candidate_parameters") }}
    group by segmentation

),

final as (

    select
        measured.segmentation,
        measured.measure,
        measured.feature,
        measured.model_version,
        measured.generation,
        measured.customers,
        measured.value,
        measured.threshold,
        measured.is_beyond,
        measured.state,
        decisions.action,
        decisions.reason
    from measured
    inner join decisions on measured.segmentation = decisions.segmentation

)

select * from final
