-- One row per segmentation and segment, for all methods alike: the name that is proposed for it, and the rule or the cell
-- of the grid that it stands for. What a cluster is like is told by its customers of today, in dim_segments.
with parameters as (

    select * from {{ ref("candidate_parameters") }}

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

rules as (

    {% for segmentation in segmentations_of(["rules"]) %}
    {%- set outer = loop %}
    {%- for segment in var("segmentations")[segmentation]["segments"] %}
    select
        '{{ segmentation }}' as segmentation,
        {{ loop.index }} as segment_id,
        {{ string_literal(segment["name"]) }} as segment_name,
        {{ string_literal(segment["when"]) }} as description
    {{ "union all" if not (outer.last and loop.last) }}
    {%- endfor %}
    {% else %}
    {{ no_rows({"segmentation": "string", "segment_id": "integer", "segment_name": "string", "description": "string"}) }}
    {% endfor %}

),

-- The scores of the cells that a segment of RFM has.
cells as (

    select
        segment_id,
        {{ score_range("recency_score") }} as recency_scores,
        {{ score_range("frequency_monetary_score") }} as other_scores
    from {{ ref("rfm_grid") }}
    group by segment_id

),

-- A feature without differences was left out of the model, and so has no cut points there.
cut_features as (

    select
        segmentation,
        {{ parameter("rfm_cut", "recency_days", 1) }} is not null as is_fitted,
        {{ parameter("rfm_cut", "frequency", 1) }} is not null as has_frequency,
        {{ parameter("rfm_cut", "monetary", 1) }} is not null as has_monetary
    from parameters
    group by segmentation

),

borne as (

    select
        configuration.segmentation,
        rfm_segments.segment_id,
        rfm_segments.segment_name as given_name,
        -- What the grid calls loyal nobody can be whose frequency is everybody's: then the scores are the name.
        case
            when has_frequency then rfm_segments.segment_name
            when has_monetary
                then concat('Recency ', cells.recency_scores, ', amounts ', cells.other_scores)
            else concat('Recency ', cells.recency_scores)
        end as segment_name,
        case
            when has_frequency and has_monetary then rfm_segments.description
            when has_frequency
                then concat(
                        'Recency scores ', cells.recency_scores, ' and frequency scores ', cells.other_scores,
                        ' of 5; amounts are absent or the same for all and do not count'
                    )
            when has_monetary
                then concat(
                        'Recency scores ', cells.recency_scores, ' and amount scores ', cells.other_scores,
                        ' of 5; frequency is the same for all and does not count'
                    )
            else concat(
                    'Recency scores ', cells.recency_scores,
                    ' of 5; frequency and amounts are the same for all and do not count'
                )
        end as description,
        cells.segment_id is null or not coalesce(cut_features.is_fitted, false) as is_as_given,
        rfm_segments.description as given_description
    from configuration
    cross join {{ ref("rfm_segments") }} as rfm_segments
    left join cut_features on configuration.segmentation = cut_features.segmentation
    left join cells on rfm_segments.segment_id = cells.segment_id
    where configuration.method = 'rfm'

),

rfm as (

    select
        segmentation,
        segment_id,
        case
            when is_as_given then given_name
            -- Segments of an edited grid, or those that nobody can be in any more, may have the same scores.
            when count(*) over (partition by segmentation, segment_name) > 1
                then concat(segment_name, ' (', cast(segment_id as {{ dbt.type_string() }}), ')')
            else segment_name
        end as segment_name,
        case when is_as_given then given_description else description end as description
    from borne

),

clusters as (

    select
        segmentation,
        segment_id,
        {{ parameter("segment", "name", value="value_string") }} as segment_name,
        cast(null as string) as description
    from parameters
    where kind = 'segment'
    group by segmentation, segment_id

),

final as (

    select * from rules

    union all

    select * from rfm

    union all

    select * from clusters

)

select * from final
