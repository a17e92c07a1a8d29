-- One row: whether this run scores all customers, or changed customers alone. Another model, another rule, another name
-- or another stand-in for what is not advised concerns everybody.
with scope as (

    select * from {{ ref("feature_scope") }}

),

definitions as (

    select
        segmentation,
        {{ row_hash(["segmentation", "segment_id", "segment_name", "method", "model_version", "is_fallback"]) }}
            as definition_hash
    from {{ ref("segment_definitions") }}

    union

    select
        segmentation,
        {{ row_hash(["segmentation", "model_version"]) }} as definition_hash
    from {{ ref("candidate_parameters") }}

),

facts as (

    select cast(sum(definition_hash) as {{ dbt.type_string() }}) as fingerprint
    from definitions

),

{{ layer_scope(
    fingerprint="(select concat('" ~ variables_fingerprint(later=true) ~ seeds_fingerprint()
        ~ "', facts.fingerprint) from facts)",
    difference="a model, a rule or a name of segments has changed",
    reasons=["(select max(scope.reason) from scope)"],
    extra={
        "keeps_past": (
            "boolean",
            "coalesce((select bool_or(scope.keeps_past) from scope) and this_run.fingerprint = previous.fingerprint"
            ~ " and " ~ past_is_whole() ~ ", false)"
        ),
    },
) | replace("with previous", "previous", 1) }}

select * from final
