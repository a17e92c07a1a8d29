-- One row per parameter of every model that ever passed the gate. A build goes on with the latest generation of each
-- segmentation until the configuration changes or a refit is asked for; a full refresh keeps it.
with gate as (

    select * from {{ ref("publication_gate") }}

),

candidates as (

    select * from {{ ref("candidate_parameters") }}

),

final as (

    select {{ parameter_columns() | join(", ") }}
    from candidates
    where
        is_new
        {%- if flags.WHICH == "run" %}
        -- `dbt run` tests nothing: its candidates stay candidates, and the next build judges them.
        and false
        {%- elif flags.WHICH != "retry" %}
        -- Nor do candidates count that an earlier build may have refused; a retry goes on with its own build.
        and '{{ invocation_id }}' in (select gate.invocation_id from gate)
        {%- endif %}
        {%- if is_incremental() %}
        -- This node may run again on the same candidates, and adds nothing twice.
        and not exists (
            select 1
            from {{ this }} as registered
            where
                registered.segmentation = candidates.segmentation
                and registered.generation >= candidates.generation
        )
        {%- endif %}

)

select * from final
