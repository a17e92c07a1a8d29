-- One row per segmentation, feature and bin, and per segment: how many of today's sampled customers are there, by the
-- model that was active when this build began. All bins of a segmentation are counted in one pass over the customers.
-- The linter's idea of DuckDB has no grouping sets; that of Snowflake has.
-- sqlfluff:dialect:snowflake
-- depends_on: {{ ref("customer_features") }}
{%- set columns = {
    "segmentation": "string", "feature": "string", "bin": "string", "segment_id": "integer", "customers": "bigint",
    "total_distance": "double",
} %}
with customers as (

    select * from {{ ref("training_sample") }}

),

parameters as (

    select * from {{ ref("standing_parameters") }}

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

counted as (

    {% for segmentation in segmentations_with("is_fitted") %}
    {%- set features = drift_features(segmentation) %}
    {%- set numeric = numeric_features(features) %}
    {%- set is_clustering = segmentation in segmentations_with("is_clustering") %}
    select
        '{{ segmentation }}' as segmentation,
        case
            {%- for feature in features %}
            when bin_{{ loop.index }} is not null then '{{ feature }}'
            {%- endfor %}
        end as feature,
        coalesce(
            {%- for feature in features %}
            bin_{{ loop.index }}{{ "," if not loop.last }}
            {%- endfor %}
        ) as bin,
        {{ "segment_id" if is_clustering else "cast(null as integer)" }} as segment_id,
        count(*) as customers,
        {{ exact_sum("distance") if is_clustering else "cast(null as double)" }} as total_distance
    from (
        with edges as (

            {{ drift_edges(segmentation, "parameters") | indent(12) }}

        ),

        placed as (
            {% if is_clustering %}
            {{ nearest_segments(segmentation, "customers", "parameters", "configuration", features) | indent(12) }}
            {% else %}
            select {{ features | join(", ") }}
            from customers
            where
                has_purchased
                and exists (
                    select 1
                    from parameters
                    where parameters.segmentation = '{{ segmentation }}'
                )
            {% endif %}
        )

        select
            {%- for feature in features %}
            {{ drift_bin(feature, loop.index, "edges", numeric) | indent(12) }} as bin_{{ loop.index }},
            {%- endfor %}
            {{ "placed.segment_id, placed.distance" if is_clustering else "1 as nothing" }}
        from placed
        cross join edges
    ) as {{ segmentation }}
    group by
        grouping sets (
            {%- for feature in features %}
            (bin_{{ loop.index }}){{ "," if is_clustering or not loop.last }}
            {%- endfor %}
            {{ "(segment_id)" if is_clustering }}
        )
    union all
    {% endfor %}
    {{ no_rows(columns, "parameters") }}

),

final as (

    select {{ columns | join(", ") }}
    from counted

)

select * from final
