-- One row per data set, model and parameter of customer value: the fitted numbers, or why there is no model.
-- depends_on: {{ ref("publication_gate") }}
with parameters as (

    select * from {{ ref("value_parameters") }}

),

learning as (

    select learned_on
    from {{ ref("learning_scope") }}

),

final as (

    select
        parameters.dataset,
        parameters.model,
        parameters.parameter,
        parameters.value_double,
        parameters.value_string,
        learning.learned_on
    from parameters
    cross join learning

)

select * from final
