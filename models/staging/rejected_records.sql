-- depends_on: {{ ref('resolved_configuration') }}
with

final as (
    {%- for input in input_names() %}
    {{ rejected_rows(input) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from final
