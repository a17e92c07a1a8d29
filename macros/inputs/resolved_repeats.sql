{#- The rows of keys that occur more than once, among those that nothing else rejects: one of each key stays, the others
    are rejected, with the reason that decided. In this order:

    1. the later version: the last `updated_at`. A deletion counts from its own date, and one without a time of day from
       the end of its day. A row without a date takes its place behind the last version that had arrived when it came.
    2. a deletion: only a version with a later date brings a key back.
    3. the later arrival: the last `loaded_at`, then the last `arrival_number`.
    4. a row with a date of version, then a customer's refusal of marketing.
    5. the more complete row: more amounts, then more of the other values.
    6. larger values, amounts first, then the columns in their order. This has no meaning but is the same on every
       engine and for every order of the rows; what it decides between different rows is rejected as ambiguous_key.

    Rows whose values are all equal are one row, whichever stays. A deletion that is kept is itself rejected already, by
    its own rule. -#}
{% macro resolved_repeats(input) -%}
    {%- set keys = key_columns(input) -%}
    {%- set key = keys | join(', ') -%}
    {%- set values = [] -%}
    {%- for column in input_columns(input) if column.name not in keys + bookkeeping_columns() -%}
        {%- do values.append(column) -%}
    {%- endfor -%}
    {%- set amounts = values | selectattr('type', 'equalto', 'decimal') | map(attribute='name') | list -%}
    {%- set others = values | rejectattr('type', 'equalto', 'decimal') | map(attribute='name') | list -%}
    {%- set criteria = [
        'version_at', 'version_is_deletion', 'version_arrived_at', 'arrival_number', 'version_is_undated',
        'version_refuses', 'version_amounts', 'version_values', 'version_fingerprint',
    ] -%}
with

candidates as (
    select
        *,
        deleted_at is not null or coalesce(reject_rule, '') = 'unparsable_deletion' as version_is_deletion,
        case
            when deleted_at is null then updated_at
            else greatest(updated_at, {{ end_of_deletion() }})
        end as version_own_at,
        {{ 'coalesce(not marketing_consent, false)' if input == 'customers' else 'false' }} as version_refuses,
        {{ filled_count(amounts) | indent(8) }} as version_amounts,
        {{ filled_count(others) | indent(8) }} as version_values,
        {{ values_fingerprint(amounts + others) | indent(8) }} as version_fingerprint
    from {{ ref('stg_' ~ input ~ '_checked') }}
    where is_repeated and coalesce(reject_rule, 'deleted') in ('deleted', 'unparsable_deletion')
),

arrived as (
    select
        *,
        version_own_at is null as version_is_undated,
        coalesce(
            loaded_at,
            max(loaded_at) over (partition by {{ key }} order by arrival_number nulls first)
        ) as version_arrived_at
    from candidates
),

placed as (
    select
        *,
        coalesce(
            version_own_at,
            max(case when not version_is_deletion then version_own_at end) over (
                partition by {{ key }} order by version_arrived_at nulls first, arrival_number nulls first
            )
        ) as version_at
    from arrived
),

ranked as (
    select
        *,
        row_number() over versions as version_rank,
        {%- for name in criteria + ['reject_rule'] %}
        first_value({{ name }}) over versions as kept_{{ name }},
        {%- endfor %}
        count(*) over (partition by {{ key }}) as version_count
    from placed
    window
        versions as (
            partition by {{ key }}
            order by
                version_at desc nulls last,
                case when version_is_deletion then 0 else 1 end,
                version_arrived_at desc nulls last,
                arrival_number desc nulls last,
                case when version_is_undated then 1 else 0 end,
                case when version_refuses then 0 else 1 end,
                version_amounts desc,
                version_values desc,
                {%- for name in amounts + others %}
                {{ name }} desc nulls last,
                {%- endfor %}
                md5(raw_row)
        )
),

{#- The first of these that differs has decided. -#}
decided as (
    select
        *,
        case
            when version_rank = 1 then null
            when kept_reject_rule = 'unparsable_deletion'
                then 'of another one deleted_at is not a date, so none is taken for current'
            when kept_version_is_deletion then 'it was deleted, and no later version follows'
            when (version_at is distinct from kept_version_at) then 'a later version is kept'
            when (version_arrived_at is distinct from kept_version_arrived_at) then 'the one that was loaded later is kept'
            when (arrival_number is distinct from kept_arrival_number) then 'the one that arrived later is kept'
            when version_is_undated <> kept_version_is_undated then 'the one with an updated_at is kept'
            when version_refuses <> kept_version_refuses then 'the one that refuses marketing is kept'
            when version_amounts <> kept_version_amounts or version_values <> kept_version_values
                then 'the more complete one is kept'
            when version_fingerprint = kept_version_fingerprint then 'all their values are equal, and one is kept'
        end as version_decision
    from ranked
),

final as (
    select
        {{ column_names(input) | indent(8) }},
        case
            when version_rank = 1 then null
            when version_decision is null then 'ambiguous_key'
            else 'duplicate_key'
        end as reject_rule,
        case
            when version_rank > 1
                then concat(
                    'one of ', cast(version_count as string), ' rows with
                    {%- for key in keys %} {{ key }} ', {{ shown_value(input, key) }}, '{{ ' and' if not loop.last }}
                    {%- endfor %}: ',
                    coalesce(version_decision, 'nothing tells which is right, and the one with the larger values is kept')
                )
        end as reject_reason,
        raw_row
    from decided
    where reject_rule is null
)

select * from final
{%- endmacro %}


{#- When a deletion counts. A day without a time is over before the deletion is known to have been late on it. -#}
{% macro end_of_deletion() -%}
    case
        when deleted_at = cast(cast(deleted_at as date) as {{ sql_type('timestamp') }})
            then cast(concat(cast(cast(deleted_at as date) as string), ' 23:59:59.999999') as {{ sql_type('timestamp') }})
        else deleted_at
    end
{%- endmacro %}


{#- How many of some columns are filled. -#}
{% macro filled_count(names) -%}
    0
    {%- for name in names %}
    + case when {{ name }} is not null then 1 else 0 end
    {%- endfor %}
{%- endmacro %}
