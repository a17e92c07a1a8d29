-- One row per parameter of the models that were active when this build began and whose configuration still stands.
-- Drift is measured against them, and online updates move them; a model whose configuration has changed is fitted anew.
with previous as (

    select * from {{ ref("previous_parameters") }}

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

standing as (

    select previous.segmentation
    from previous
    inner join configuration
        on previous.segmentation = configuration.segmentation and previous.value_string = configuration.config_hash
    where previous.kind = 'model' and previous.feature = 'config_hash'

),

final as (

    select previous.*
    from previous
    inner join standing on previous.segmentation = standing.segmentation

)

select * from final
