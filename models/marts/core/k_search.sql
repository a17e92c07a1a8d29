-- One row per clustering segmentation and number of segments tried: the criteria, and why the chosen one won.
-- depends_on: {{ ref("publication_gate") }}
with search as (

    select *
    from {{ ref("candidate_parameters") }}
    where kind = 'k_search'

),

final as (

    select
        segmentation,
        model_version,
        segment_id as k,
        {{ parameter("k_search", "inertia") }} as inertia,
        {{ parameter("k_search", "silhouette") }} as silhouette,
        {{ parameter("k_search", "smallest_share") }} as smallest_share,
        coalesce({{ parameter("k_search", "admissible") }}, 0) = 1 as is_admissible,
        coalesce({{ parameter("k_search", "chosen") }}, 0) = 1 as is_chosen,
        {{ parameter("k_search", "reason", value="value_string") }} as reason
    from search
    group by segmentation, model_version, segment_id

)

select * from final
