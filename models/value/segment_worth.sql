-- One row per segmentation and segment, added up over its customers: what they have brought, and what may follow.
{%- set labels = label_columns() %}
with customers as (

    select
        labels.{{ labels | join(", labels.") }},
        worth.*
    from {{ ref("customer_labels") }} as labels
    inner join {{ ref("int_customer_worth") }} as worth on labels.customer_id = worth.customer_id

),

{#- Types stand beside each sum, as it is taken twice: by combination of segments, and of these by segment. -#}
{%- set sums = {
    "customers": ("bigint", "count(*)"),
    "revenue": ("decimal(18, 4)", money_sum("monetary")),
    "revenue_last_90_days": ("decimal(18, 4)", money_sum("revenue_last_90_days")),
    "revenue_previous_90_days": ("decimal(18, 4)", money_sum("revenue_previous_90_days")),
    "margin": ("decimal(18, 4)", "sum(margin)"),
    "lifetime_value": ("decimal(38, 6)", exact_total("lifetime_value")),
    "alive": ("decimal(38, 6)", exact_total("probability_alive")),
    "with_probability": ("bigint", "count(probability_alive)"),
} %}
{%- set types = {} %}
{%- for name, (type, _) in sums.items() %}{% do types.update({name: type}) %}{% endfor %}
combined as (

    select
        {{ labels | join(", ") }},
        {%- for name, (type, expression) in sums.items() %}
        cast({{ expression }} as {{ type }}) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from customers
    group by {{ labels | join(", ") }}

),

of_segments as (

    {{ by_segmentation("combined", types) | indent(4) }}

),

final as (

    select
        segmentation,
        segment_id,
        {%- for name, type in types.items() %}
        cast(sum({{ name }}) as {{ type }}) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from of_segments
    group by segmentation, segment_id

)

select * from final
