-- One row per segmentation: the query that scores customers from what is published, at any time and without a build.
-- depends_on: {{ ref("publication_gate") }}
-- depends_on: {{ ref("customer_features") }}
with configuration as (

    select * from {{ ref("resolved_configuration") }}

),

cells as (

    -- The grid is proved total before any model runs: each of its cells has a segment.
    select {{ grid_as_cases() }} as grid
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
    {% else %}
    {{ no_rows({"segmentation": "string", "query": "string"}) }}
    {% endfor %}

),

named as (

    select
        queries.segmentation,
        concat('score_', queries.segmentation) as macro_name,
        replace(queries.query, '$uses_orders', cast(configuration.uses_orders as {{ dbt.type_string() }})) as query,
        configuration.config_hash
    from queries
    inner join configuration on queries.segmentation = configuration.segmentation

),

final as (

    select
        named.segmentation,
        named.macro_name,
        replace(
            replace(replace(named.query, '$config_hash', named.config_hash), '$rfm_grid', cells.grid),
            '$rfm_prospects',
            cast(prospects.segment_id as {{ dbt.type_string() }})
        ) as query
    from named
    cross join cells
    cross join prospects

)

select * from final
