-- One row per segmentation and segment, in columns by numeric feature: how many of its customers have a value, the sum
-- of the values and of their squares, and the quartiles, which in a large segment are those of a bounded sample of it.
-- depends_on: {{ ref("customer_features") }}
{%- set features = feature_columns()["number"] %}
{#- The rank of a quartile then has a standard error of 0.35 percentage points at most. -#}
{%- set quartile_customers = 20000 %}
{%- set combination = "labels." ~ label_columns() | join(", labels.") %}
with customers as (

    select * from {{ ref("current_features") }}

),

-- Sums add up, so they are taken once for every combination of segments, and not for every segmentation.
combined as (

    select
        {{ combination }},
        {%- for feature in features %}
        {%- set number = "cast(customers." ~ feature ~ " as double)" %}
        count({{ number }}) as {{ feature }}_n,
        {{ exact_total(number) }} as {{ feature }}_sum,
        {{ exact_total(number ~ " * " ~ number) }} as {{ feature }}_squares,
        {%- endfor %}
        row_number() over (order by {{ combination }}) as combination
    from customers
    inner join {{ ref("customer_labels") }} as labels on customers.customer_id = labels.customer_id
    group by {{ combination }}

),

memberships as (

    {{ by_segmentation("combined", {"combination": "bigint"}) | indent(4) }}

),

summed as (

    select
        memberships.segmentation,
        memberships.segment_id,
        {%- for feature in features %}
        cast(sum(combined.{{ feature }}_n) as bigint) as {{ feature }}_n,
        cast(sum(combined.{{ feature }}_sum) as double) as {{ feature }}_sum,
        cast(sum(combined.{{ feature }}_squares) as double) as {{ feature }}_squares,
        {%- endfor %}
        count(*) as combinations
    from memberships
    inner join combined on memberships.combination = combined.combination
    group by memberships.segmentation, memberships.segment_id

),

-- Quartiles do not: every value has to be put in its place.
sizes as (

    select
        segmentation,
        segment_id,
        customers,
        {{ hash_threshold("cast(" ~ quartile_customers ~ " as double) / greatest(customers, 1)") }} as threshold
    from {{ ref("segment_sizes") }}

),

drawn as (

    select
        *,
        md5(concat('{{ var("random_seed") }}', customer_id)) as draw
    from customers

),

ranked as (

    select
        labels.segmentation,
        labels.segment_id,
        {%- for feature in features %}
        {{ quartiles("cast(drawn." ~ feature ~ " as double)") }} as {{ feature }}_quartiles,
        {%- endfor %}
        max(sizes.customers) as customers
    from {{ ref("customer_segments") }} as labels
    inner join sizes on labels.segmentation = sizes.segmentation and labels.segment_id = sizes.segment_id
    inner join drawn on labels.customer_id = drawn.customer_id
    where sizes.customers <= {{ quartile_customers }} or drawn.draw < sizes.threshold
    group by labels.segmentation, labels.segment_id

),

final as (

    select
        summed.*,
        {%- for feature in features %}
        ranked.{{ feature }}_quartiles,
        {%- endfor %}
        ranked.customers
    from summed
    inner join ranked on summed.segmentation = ranked.segmentation and summed.segment_id = ranked.segment_id

)

select * from final
