-- One row: whether this run scores all customers, or changed customers alone. Another model, another rule, another name
-- or another stand-in for what is not advised concerns everybody.
with scope as (

    select * from {{ ref("feature_scope") }}

),

definitions as (

    select concat(
        segmentation, '|', cast(segment_id as {{ dbt.type_string() }}), '|', segment_name, '|', method, '|',
        model_version, '|', cast(is_fallback as {{ dbt.type_string() }})
    ) as definition
    from {{ ref("segment_definitions") }}

),

models as (

    select distinct concat(segmentation, '|', model_version) as definition
    from {{ ref("candidate_parameters") }}

),

all_definitions as (

    select definition from definitions
    union all
    select definition from models

),

facts as (

    select cast(sum({{ row_hash(["definition"]) }}) as {{ dbt.type_string() }}) as fingerprint
    from all_definitions

),

{{ layer_scope(
    fingerprint="(select concat('" ~ variables_fingerprint(later=true) ~ seeds_fingerprint()
        ~ "', facts.fingerprint) from facts)",
    difference="a model, a rule or a name of segments has changed",
    reasons=["(select max(scope.reason) from scope)"],
) | replace("with previous", "previous", 1) }}

select * from final
