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

settings as (

    select
        configuration.segmentation,
        configuration.config_hash,
        cast(configuration.uses_orders as {{ dbt.type_string() }}) as uses_orders,
        cells.grid,
        cast(prospects.segment_id as {{ dbt.type_string() }}) as prospects
    from configuration
    cross join cells
    cross join prospects

),

final as (

    {% for segmentation in var("segmentations") %}
    select
        '{{ segmentation }}' as segmentation,
        'score_{{ segmentation }}' as macro_name,
        {{ scoring_query_text(segmentation, {
            "uses_orders": "uses_orders", "config_hash": "config_hash", "rfm_grid": "grid", "rfm_prospects": "prospects",
        }) }} as query
    from settings
    where segmentation = '{{ segmentation }}'
    {{ "union all" if not loop.last }}
    {% else %}
    {{ no_rows({"segmentation": "string", "macro_name": "string", "query": "string"}) }}
    {% endfor %}

)

select * from final
