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

rfm as (

    select
        configuration.segmentation,
        rfm_segments.segment_id,
        rfm_segments.segment_name,
        rfm_segments.description
    from configuration
    cross join {{ ref("rfm_segments") }} as rfm_segments
    where configuration.method = 'rfm'

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
