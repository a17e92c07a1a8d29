-- One row per segmentation and segment: its name, what it means, and the model that it belongs to.
with parameters as (

    select * from {{ ref("candidate_parameters") }}

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

all_segments as (

    select * from {{ ref("proposed_segments") }}

),

verdicts as (

    select
        segmentation,
        fallback
    from {{ ref("segmentation_verdicts") }}
    where fallback is not null

),

-- Where clusters are not advised, the segments of a simpler segmentation stand in their place.
published as (

    select
        all_segments.*,
        all_segments.segmentation as source,
        false as is_fallback
    from all_segments
    left join verdicts on all_segments.segmentation = verdicts.segmentation
    where verdicts.fallback is null

    union all

    select
        verdicts.segmentation,
        all_segments.segment_id,
        all_segments.segment_name,
        all_segments.description,
        all_segments.segmentation as source,
        true as is_fallback
    from all_segments
    inner join verdicts on all_segments.segmentation = verdicts.fallback

),

models as (

    select
        segmentation,
        max(model_version) as model_version,
        bool_or(is_new) and coalesce({{ parameter("decision", "action", value="value_string") }}, '') <> 'updated'
            as is_new
    from parameters
    group by segmentation

),

names as (

    select * from {{ ref("segment_names") }}

),

final as (

    select
        published.segmentation,
        published.segment_id,
        coalesce(names.segment_name, published.segment_name) as segment_name,
        published.description,
        configuration.position,
        sources.method,
        sources.min_share,
        sources.lowest_share,
        coalesce(models.model_version, sources.config_hash) as model_version,
        -- Rules and RFM segments may be empty, as nobody may fit them; a cluster without customers is a mistake.
        sources.method in ({{ quoted_list(methods_with("is_clustering")) }})
        and coalesce(models.is_new, false) as is_newly_fitted,
        published.is_fallback
    from published
    inner join configuration on published.segmentation = configuration.segmentation
    inner join configuration as sources on published.source = sources.segmentation
    left join models on published.source = models.segmentation
    left join names
        on published.source = names.segmentation and published.segment_id = names.segment_id

)

select * from final
