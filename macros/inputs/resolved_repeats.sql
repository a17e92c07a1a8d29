{#- The rows of keys that occur more than once, among those that nothing else rejects: the latest of each key stays,
    the others are rejected. The latest is the one with the last updated_at, then the last loaded_at, then a deletion,
    then the lowest md5 of the raw row, so that the choice depends on nothing but the data. A deletion that comes last
    rejects all earlier versions; it is itself rejected already, by its own rule. -#}
{% macro resolved_repeats(input) -%}
    {%- set keys = key_columns(input) -%}
with

candidates as (
    select *
    from {{ ref('stg_' ~ input ~ '_checked') }}
    where is_repeated and coalesce(reject_rule, 'deleted') = 'deleted'
),

ranked as (
    select
        *,
        row_number() over (
            partition by {{ keys | join(', ') }}
            order by
                updated_at desc nulls last,
                loaded_at desc nulls last,
                case when deleted_at is not null then 0 else 1 end,
                md5(raw_row)
        ) as version_rank,
        count(*) over (partition by {{ keys | join(', ') }}) as versions
    from candidates
),

final as (
    select
        {{ column_names(input) | indent(8) }},
        case when version_rank > 1 then 'duplicate_key' end as reject_rule,
        case
            when version_rank > 1
                then concat(
                    'one of ', cast(versions as string), ' rows with
                    {%- for key in keys %} {{ key }} ', {{ quoted_value(key) }}, '{{ ' and' if not loop.last }}
                    {%- endfor %}: only the latest is kept'
                )
        end as reject_reason,
        raw_row
    from ranked
    where reject_rule is null
)

select * from final
{%- endmacro %}
