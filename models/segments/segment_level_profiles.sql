-- One row per segmentation, segment, categorical feature and level: its share, against that of all labelled customers.
-- Beyond the 25 most frequent levels of a feature the rest is counted together.
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

kept as (

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

),

totals as (

    select
        *,
        sum(customers) over (partition by segmentation, segment_id, feature) as segment_customers,
        sum(customers) over (partition by segmentation, feature, level) as level_customers,
        sum(customers) over (partition by segmentation, feature) as all_customers
    from kept

),

shares as (

    select
        *,
        {{ ratio("customers", "segment_customers") }} as share,
        {{ ratio("level_customers", "all_customers") }} as overall_share,
        {{ ratio("level_customers - customers", "all_customers - segment_customers") }} as rest_share,
        {{ ratio("1", "segment_customers") }} + {{ ratio("1", "all_customers - segment_customers") }} as per_customer
    from totals

),

final as (

    select
        segmentation,
        segment_id,
        feature,
        level,
        customers,
        round(share, 6) as share,
        round(overall_share, 6) as overall,
        round((share - overall_share) / nullif(sqrt(overall_share * (1 - overall_share)), 0), 6)
            as standardised_difference,
        round(100 * share / overall_share, 4) as index_against_all,
        -- Two shares with a common variance; no test where fewer than five customers are expected on any side.
        case
            when
                least(overall_share, 1 - overall_share)
                * least(segment_customers, all_customers - segment_customers) >= 5
                then round(
                        (share - rest_share) / nullif(sqrt(overall_share * (1 - overall_share) * per_customer), 0), 6
                    )
        end as z
    from shares

)

select * from final
