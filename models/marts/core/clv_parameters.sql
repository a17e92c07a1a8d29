-- One row per data set, model and parameter of customer value: the fitted numbers, or why there is no model.
-- depends_on: {{ ref("publication_gate") }}
with parameters as (

    select * from {{ ref("value_parameters") }}

),

final as (

    select
        dataset,
        model,
        parameter,
        value_double,
        value_string
    from parameters

)

select * from final
