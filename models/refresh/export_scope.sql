-- One row: whether this run looks at all members of audiences, or at changed customers alone. An audience that becomes
-- large enough to be exported, or too small, concerns all of its members.
with scope as (

    select * from {{ ref("score_scope") }}

),

exported as (

    select cast(sum({{ row_hash(["segmentation", "segment_id"]) }}) as {{ dbt.type_string() }}) as fingerprint
    from {{ ref("audience_sizes") }}
    where is_exported

),

{{ layer_scope(
    fingerprint="(select coalesce(max(exported.fingerprint), 'none') from exported)",
    difference="other audiences are exported",
    reasons=["(select max(scope.reason) from scope)"],
) | replace("with previous", "previous", 1) }}

select * from final
