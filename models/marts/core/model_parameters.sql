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
        -- No part of the key is null: 0 and the empty string stand for the model as a whole.
        coalesce(segment_id, 0) as segment_id,
        coalesce(feature, '') as feature,
        coalesce(level, '') as level,
        value_double,
        value_string
    from parameters
    where kind not in ('k_search', 'sensitivity', 'lineage', 'decision')

)

select * from final
