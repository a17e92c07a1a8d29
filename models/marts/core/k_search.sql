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
        {%- for criterion in k_criteria() %}
        {{ parameter("k_search", criterion) }} as {{ criterion }},
        {%- endfor %}
        coalesce({{ parameter("k_search", "admissible") }}, 0) = 1 as is_admissible,
        coalesce({{ parameter("k_search", "chosen") }}, 0) = 1 as is_chosen,
        {{ parameter("k_search", "reason", value="value_string") }} as reason
    from search
    group by segmentation, model_version, segment_id

)

select * from final
