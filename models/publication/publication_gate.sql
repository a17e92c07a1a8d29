-- One row: what passed the gate. Every mart depends on it, and every model that a gating test looks at is among its
-- parents, so one failed test stops all marts. The tests that gate are those on the models named here.
-- depends_on: {{ ref("scaled_sample_statistics") }}
-- depends_on: {{ ref("rejected_records") }}
-- depends_on: {{ ref("rfm_scores") }}
-- depends_on: {{ ref("as_of_dates") }}
-- depends_on: {{ ref("application_scope") }}
-- depends_on: {{ ref("phone_shapes") }}
-- depends_on: {{ ref("place_names") }}
-- depends_on: {{ ref("suppressed_identifiers") }}
with configuration as (

    select * from {{ ref("resolved_configuration") }}

),

sizes as (

    select * from {{ ref("segment_sizes") }}

),

features as (

    select * from {{ ref("customer_features") }}

),

labels as (

    select * from {{ ref("customer_segments") }}

),

reconciliation as (

    select * from {{ ref("input_reconciliation") }}

),

scope as (

    select * from {{ ref("refresh_scope") }}

),

final as (

    select
        -- The build that looked at the inputs. What comes after the gate asks whether that was its own build, or one
        -- that it goes on with: a selection of models that begins later has not run the tests that gate.
        (select max(scope.invocation_id) from scope) as invocation_id,
        (select max(features.as_of_date) from features) as as_of_date,
        (select count(*) from configuration) as segmentations,
        (select count(*) from sizes) as segments,
        (select count(labels.segment_id) from labels) as labels,
        (select sum(reconciliation.rejected_rows) from reconciliation) as rejected_rows

)

select * from final
