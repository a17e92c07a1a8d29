-- One row per segmentation that has something to fit: what this build did with its model, and why.
-- depends_on: {{ ref("publication_gate") }}
with parameters as (

    select * from {{ ref("candidate_parameters") }}

),

configuration as (

    select
        segmentation,
        refit_policy,
        update_policy
    from {{ ref("resolved_configuration") }}

),

decisions as (

    select
        segmentation,
        max(model_version) as model_version,
        max(generation) as generation,
        {{ parameter("decision", "action", value="value_string") }} as action,
        {{ parameter("decision", "reason", value="value_string") }} as reason,
        {{ parameter("decision", "previous_version", value="value_string") }} as previous_model_version,
        {{ parameter("decision", "candidate_version", value="value_string") }} as candidate_model_version,
        {%- for gate in ["smallest_share", "verdict", "stability", "silhouette"] %}
        {%- for level in ["candidate", "present", "required"] %}
        {{ parameter(
            "decision", gate, level=level, value="value_string" if gate == "verdict" else "value_double"
        ) }} as {{ level }}_{{ gate }}{{ "," if not (loop.last and gate == "silhouette") }}
        {%- endfor %}
        {%- endfor %}
    from parameters
    group by segmentation

),

final as (

    select
        decisions.segmentation,
        decisions.action,
        decisions.reason,
        configuration.refit_policy,
        configuration.update_policy,
        decisions.model_version,
        decisions.generation,
        decisions.previous_model_version,
        decisions.candidate_model_version,
        decisions.candidate_smallest_share,
        decisions.present_smallest_share,
        decisions.required_smallest_share,
        decisions.candidate_verdict,
        decisions.present_verdict,
        decisions.required_verdict,
        decisions.candidate_stability,
        decisions.present_stability,
        decisions.required_stability,
        decisions.candidate_silhouette,
        decisions.present_silhouette,
        decisions.required_silhouette
    from decisions
    inner join configuration on decisions.segmentation = configuration.segmentation

)

select * from final
