-- One row per segmentation: the query that scores customers from what is published, at any time and without a build.
-- depends_on: {{ ref("publication_gate") }}
-- depends_on: {{ ref("customer_features") }}
with configuration as (

    select * from {{ ref("resolved_configuration") }}

),

cells as (

    select {{ dbt.listagg(
        "concat('when recency_score = ', cast(recency_score as string), ' and frequency_monetary_score = ', "
        ~ "cast(frequency_monetary_score as string), ' then ', cast(segment_id as string))",
        "' '",
        "order by recency_score, frequency_monetary_score"
    ) }} as grid
    from {{ ref("rfm_grid") }}

),

prospects as (

    -- The one segment without a cell of the grid.
    select min(rfm_segments.segment_id) as segment_id
    from {{ ref("rfm_segments") }} as rfm_segments
    left join {{ ref("rfm_grid") }} as grid on rfm_segments.segment_id = grid.segment_id
    where grid.segment_id is null

),

queries as (

    {% for segmentation in var("segmentations") %}
    select
        '{{ segmentation }}' as segmentation,
        {{ string_literal(scoring_query(segmentation)) }} as query
    {{ "union all" if not loop.last }}
    {% endfor %}

),

final as (

    select
        queries.segmentation,
        concat('score_', queries.segmentation) as macro_name,
        replace(replace(replace(replace(
            queries.query,
            '$uses_orders', cast(configuration.uses_orders as {{ dbt.type_string() }})),
            '$config_hash', configuration.config_hash),
            '$rfm_grid', cells.grid),
            '$rfm_prospects', cast(prospects.segment_id as {{ dbt.type_string() }})
        ) as query
    from queries
    inner join configuration on queries.segmentation = configuration.segmentation
    cross join cells
    cross join prospects

)

select * from final
