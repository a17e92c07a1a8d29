-- One row per segmentation and segment, in columns by numeric feature: how many of its customers have a value, the sum
-- of the values and of their squares, and the quartiles, which in a large segment are those of a bounded sample of it.
-- depends_on: {{ ref("customer_features") }}
{%- set features = feature_columns()["number"] %}
{#- The rank of a quartile then has a standard error of 0.35 percentage points at most. -#}
{%- set quartile_customers = 20000 %}
{%- set combination = "labels." ~ label_columns() | join(", labels.") %}
{%- set types = {"draw": "string"} %}
{%- for feature in features %}{% do types.update({feature: "double"}) %}{% endfor %}
with customers as (

    select
        {{ combination }},
        features.*,
        md5(concat('{{ var("random_seed") }}', features.customer_id)) as draw
    from {{ ref("customer_labels") }} as labels
    inner join {{ ref("current_features") }} as features on labels.customer_id = features.customer_id

),

-- Sums add up, so they are taken once for every combination of segments, and not for every segmentation.
combined as (

    select
        {{ label_columns() | join(", ") }},
        {%- for feature in features %}
        {%- set number = "cast(" ~ feature ~ " as double)" %}
        count({{ number }}) as {{ feature }}_n,
        {{ exact_total(number) }} as {{ feature }}_sum,
        {{ exact_total(number ~ " * " ~ number) }} as {{ feature }}_squares,
        {%- endfor %}
        row_number() over (order by {{ label_columns() | join(", ") }}) as combination
    from customers
    group by {{ label_columns() | join(", ") }}

),

memberships as (

    {{ by_segmentation("combined", {"combination": "bigint"}) | indent(4) }}

),

summed as (

    select
        memberships.segmentation,
        {%- for feature in features %}
        cast(sum(combined.{{ feature }}_n) as bigint) as {{ feature }}_n,
        cast(sum(combined.{{ feature }}_sum) as double) as {{ feature }}_sum,
        cast(sum(combined.{{ feature }}_squares) as double) as {{ feature }}_squares,
        {%- endfor %}
        memberships.segment_id
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

members as (

    {{ by_segmentation("customers", types) | indent(4) }}

),

ranked as (

    select
        members.segmentation,
        members.segment_id,
        {%- for feature in features %}
        {{ quartiles("cast(members." ~ feature ~ " as double)") }} as {{ feature }}_quartiles,
        {%- endfor %}
        max(sizes.customers) as customers
    from members
    inner join sizes on members.segmentation = sizes.segmentation and members.segment_id = sizes.segment_id
    where sizes.customers <= {{ quartile_customers }} or members.draw < sizes.threshold
    group by members.segmentation, members.segment_id

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
