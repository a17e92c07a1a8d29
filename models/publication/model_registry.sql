-- One row per parameter of every model that ever passed the gate. A build goes on with the latest generation of each
-- segmentation until the configuration changes or a refit is asked for; a full refresh keeps it.
-- depends_on: {{ ref("publication_gate") }}
with candidates as (

    select * from {{ ref("candidate_parameters") }}

),

final as (

    select {{ parameter_columns() | join(", ") }}
    from candidates
    where is_new

)

select * from final
