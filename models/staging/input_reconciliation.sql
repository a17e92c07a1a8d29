-- depends_on: {{ ref('resolved_configuration') }}
with

{#- Each of the three is counted where it is kept, not derived from the others, so that a lost row shows. #}
raw_counts as (
    {%- for input in input_names() %}
    select '{{ input }}' as input, count(*) as raw_rows from {{ ref('raw_' ~ input) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

accepted_counts as (
    {%- for input in input_names() %}
    select '{{ input }}' as input, count(*) as accepted_rows
    from ({{ accepted_rows(input, key_columns(input)) }}) as accepted
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

rejected_counts as (
    select
        input,
        count(*) as rejected_rows,
        count(case when rule in ({{ quoted_list(set_aside_rules()) }}) then 1 end) as set_aside_rows
    from {{ ref('rejected_records') }}
    group by input
),

limits as (
    {%- for input in input_names() %}
    select
        '{{ input }}' as input,
        cast({{ input_setting(input).get('max_reject_share', var('default_max_reject_share')) }} as double)
            as max_reject_share
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        raw_counts.input,
        cast(raw_counts.raw_rows as bigint) as raw_rows,
        cast(accepted_counts.accepted_rows as bigint) as accepted_rows,
        cast(coalesce(rejected_counts.rejected_rows, 0) as bigint) as rejected_rows,
        cast(coalesce(rejected_counts.set_aside_rows, 0) as bigint) as set_aside_rows,
        -- What was left out on request is no fault of the input: it counts neither above nor below the line.
        round(
            cast(coalesce(rejected_counts.rejected_rows - rejected_counts.set_aside_rows, 0) as double)
            / nullif(raw_counts.raw_rows - coalesce(rejected_counts.set_aside_rows, 0), 0), 6
        ) as reject_share,
        limits.max_reject_share,
        '{{ invocation_id }}' as invocation_id
    from raw_counts
    inner join accepted_counts on raw_counts.input = accepted_counts.input
    inner join limits on raw_counts.input = limits.input
    left join rejected_counts on raw_counts.input = rejected_counts.input
)

select * from final
