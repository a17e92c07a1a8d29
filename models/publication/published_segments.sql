-- One row per segmentation, customer and published run that changed the customer's segment: what was published then,
-- whatever today's models say of that day. A run that changes nobody adds nothing.
-- depends_on: {{ ref("publication") }}
{#- The rows of earlier runs are read from this table itself, which is built beside and swapped: no engine needs to
    delete from it when a customer is erased. -#}
{%- set earlier = adapter.get_relation(database=this.database, schema=this.schema, identifier=this.identifier)
    if execute %}
{%- set columns = {
    "run_number": "integer", "as_of_date": "date", "segmentation": "string", "customer_id": "string",
    "segment_id": "integer", "segment_name": "string", "reason": "string", "model_version": "string",
} %}
with gate as (

    select * from {{ ref("publication_gate") }}

),

labels as (

    select *
    from {{ ref("fct_customer_segments") }}
    where {{ changed_only("customer_id") }}

),

-- Who is deleted at the source is forgotten here too. Who is only missing from an input keeps the history.
erased as (

    select distinct rejected.record_key as customer_id
    from {{ ref("rejected_records") }} as rejected
    left join {{ ref("stg_customers") }} as customers on rejected.record_key = customers.customer_id
    where rejected.input = 'customers' and rejected.rule = 'deleted' and customers.customer_id is null

),

all_runs as (

    {% if earlier -%}
    select * from {{ earlier }}
    where {{ changed_only("customer_id") }}
    {%- else -%}
    {{ no_rows(columns) }}
    {%- endif %}

),

earlier as (

    select all_runs.*
    from all_runs
    left join erased on all_runs.customer_id = erased.customer_id
    where erased.customer_id is null

),

latest as (

    select
        segmentation,
        customer_id,
        segment_id,
        segment_name,
        reason
    from earlier
    qualify run_number = max(run_number) over (partition by segmentation, customer_id)

),

runs as (

    select coalesce(max(run_number), 0) + 1 as run_number
    from {% if earlier %}{{ earlier }}{% else %}all_runs{% endif %}

),

news as (

    select
        cast(runs.run_number as integer) as run_number,
        labels.as_of_date,
        labels.segmentation,
        labels.customer_id,
        labels.segment_id,
        labels.segment_name,
        labels.reason,
        labels.model_version
    from labels
    cross join gate
    cross join runs
    left join latest
        on labels.segmentation = latest.segmentation and labels.customer_id = latest.customer_id
    where
        {{ is_past_gate("gate") }}
        and (
            latest.customer_id is null
            or latest.segment_id is distinct from labels.segment_id
            or latest.segment_name is distinct from labels.segment_name
            or latest.reason is distinct from labels.reason
        )

),

final as (

    select {{ columns | join(", ") }}
    from earlier
    union all
    select {{ columns | join(", ") }}
    from news

)

select * from final
