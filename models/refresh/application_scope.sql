-- One row: whether this run applies what was learned to everybody, or to changed customers alone. What was learned
-- anew, or other segments, concern everybody.
with learning as (

    select * from {{ ref("learning_scope") }}

),

scores as (

    select * from {{ ref("score_scope") }}

),

facts as (

    select concat(learning.fingerprint, cast(learning.learned_on as {{ dbt.type_string() }})) as fingerprint
    from learning

),

{{ layer_scope(
    fingerprint="(select facts.fingerprint from facts)",
    difference="something else was learned",
    reasons=[
        "(select learning.reason from learning)",
        "(select scores.reason from scores)",
    ],
) | replace("with previous", "previous", 1) }}

select * from final
