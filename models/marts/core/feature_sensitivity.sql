-- One row per clustering segmentation, feature and change of how it enters: how far the segments would be others.
-- depends_on: {{ ref("publication_gate") }}
with sensitivities as (

    select *
    from {{ ref("candidate_parameters") }}
    where kind = 'sensitivity'

),

final as (

    select
        segmentation,
        model_version,
        coalesce(feature, '') as feature,
        level as change,
        value_double as adjusted_rand,
        case
            when value_double < 0.5 then 'decides the segments'
            when value_double < 0.9 then 'matters'
            else 'hardly matters'
        end as reading
    from sensitivities

)

select * from final
