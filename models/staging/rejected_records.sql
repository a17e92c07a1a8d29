-- depends_on: {{ ref('resolved_configuration') }}
with

rejected as (
    {%- for input in input_names() %}
    {{ rejected_rows(input) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Somebody who is deleted at the source is counted, and forgotten: no version of the row, and none of the rows that
-- depended on it, keeps its values.
erased as (
    select distinct record_key
    from rejected
    where input = 'customers' and rule = 'deleted'
),

final as (
    select
        rejected.input,
        rejected.record_key,
        rejected.rule,
        rejected.reason,
        case
            when erased.record_key is null and rejected.rule <> 'deleted'
                then rejected.raw_row
        end as raw_row
    from rejected
    left join erased on rejected.input = 'customers' and rejected.record_key = erased.record_key
)

select * from final
