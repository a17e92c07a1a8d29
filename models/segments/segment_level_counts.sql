-- One row per segmentation, segment, categorical feature and level: how many labelled customers have it. Beyond the 25
-- most frequent levels of a feature the rest is counted together.
-- depends_on: {{ ref("customer_features") }}
{%- set features = feature_columns()["category"] %}
{%- set types = {} %}
{%- for column in label_columns() %}{% do types.update({column: "integer"}) %}{% endfor %}
{%- do types.update({"feature": "string", "level": "string", "customers": "bigint"}) %}
with labelled as (

    select
        labels.{{ label_columns() | join(", labels.") }},
        {%- for feature in features %}
        coalesce(cast(features.{{ feature }} as {{ dbt.type_string() }}), '(missing)') as {{ feature }},
        {%- endfor %}
        1 as customers
    from {{ ref("customer_labels") }} as labels
    inner join {{ ref("current_features") }} as features on labels.customer_id = features.customer_id

),

combined as (

    {%- for feature in features %}
    select
        {{ label_columns() | join(", ") }},
        '{{ feature }}' as feature,
        {{ feature }} as level,
        sum(customers) as customers
    from labelled
    group by {{ label_columns() | join(", ") }}, {{ feature }}
    union all
    {%- endfor %}
    {{ no_rows(types, "labelled") }}

),

counted as (

    {{ by_segmentation("combined", {"feature": "string", "level": "string", "customers": "bigint"}) | indent(4) }}

),

levels as (

    select
        segmentation,
        feature,
        level,
        row_number() over (partition by segmentation, feature order by sum(customers) desc, level) as frequency_rank
    from counted
    group by segmentation, feature, level

),

final as (

    select
        counted.segmentation,
        counted.segment_id,
        counted.feature,
        case when levels.frequency_rank <= 25 then counted.level else '(other)' end as level,
        cast(sum(counted.customers) as bigint) as customers
    from counted
    inner join levels
        on
            counted.segmentation = levels.segmentation
            and counted.feature = levels.feature
            and counted.level = levels.level
    group by
        counted.segmentation,
        counted.segment_id,
        counted.feature,
        case when levels.frequency_rank <= 25 then counted.level else '(other)' end

)

select * from final
