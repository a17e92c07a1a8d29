-- One row per parameter of every model that ever passed the gate. A build goes on with the latest generation of each
-- segmentation until the configuration changes or a refit is asked for; a full refresh keeps it.
with gate as (

    select * from {{ ref("publication_gate") }}

),

candidates as (

    select * from {{ ref("candidate_parameters") }}

),

past_gate as (

    select candidates.*
    from candidates
    cross join gate
    where
        candidates.is_new
        and {{ is_past_gate("gate", "reaches_gate") }}

),

final as (

    select {{ parameter_columns() | join(", ") }}
    from past_gate
    {%- if is_incremental() %}
    -- This node may run again on the same candidates, and adds nothing twice.
    where not exists (
        select 1
        from {{ this }} as registered
        where
            registered.segmentation = past_gate.segmentation
            and registered.generation >= past_gate.generation
    )
    {%- endif %}

)

select * from final
