-- One row per parameter of the models in force: all that scoring needs, readable in SQL.
-- depends_on: {{ ref("publication_gate") }}
with parameters as (

    select * from {{ ref("candidate_parameters") }}

),

final as (

    select
        segmentation,
        model_version,
        kind,
        segment_id,
        feature,
        level,
        value_double,
        value_string
    from parameters
    where kind <> 'k_search'

)

select * from final
