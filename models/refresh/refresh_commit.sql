-- One row per id under which the last published run, or an earlier step of it, noted what it works on. Whatever else is
-- noted was never published, so the next run works on it again.
-- Built after everything else. A run that left models out has left a part of the changes undone, and commits nothing:
-- it is not past the gate.
-- depends_on: {{ ref("published_segments") }}
-- depends_on: {{ ref("exported_feed_members") }}
-- depends_on: {{ ref("last_export") }}
{%- set before = earlier(this) %}
with gate as (

    select * from {{ ref("publication_gate") }}

),

noted as (

    {% for relation in [
        ref("refresh_scope"), ref("feature_scope"), ref("score_scope"), ref("learning_scope"),
        ref("application_scope"), ref("export_scope"), ref("changed_keys"), ref("changed_orders"),
        ref("left_members"), ref("left_identifiers"),
    ] -%}
    select invocation_id from {{ relation }}
    {{ "union" if not loop.last }}
    {% endfor %}

),

is_done as (

    select coalesce({{ is_past_gate("gate") }}, false) as is_done
    from gate

),

final as (

    select noted.invocation_id
    from noted
    cross join is_done
    where is_done.is_done
    {%- if before %}
    union all
    select before.invocation_id
    from {{ before }} as before
    cross join is_done
    where not is_done.is_done
    {%- endif %}

)

select * from final
