-- One row per parameter of the models that were active when this build began: empty before the first one.
-- The registry lies behind the publication gate, so it is read by name and not by ref: a ref would close a circle.
-- What is read by name is read anew whenever an input changes, whichever it is: hence after the scope of the inputs.
-- depends_on: {{ ref("refresh_scope") }}
{%- set registry = adapter.get_relation(
    database=this.database,
    schema=generate_schema_name("publication", model),
    identifier="model_registry"
) if execute %}

{% if registry %}
with registry as (

    select * from {{ registry }}

),

final as (

    select {{ parameter_columns() | join(", ") }}
    from registry
    qualify generation = max(generation) over (partition by segmentation)

)
{% else %}
with final as (

    {{ no_rows(parameter_types()) }}

)
{% endif %}

select * from final
