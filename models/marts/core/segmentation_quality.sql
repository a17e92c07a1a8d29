-- One row per segmentation: how many customers it labels and how well its segments stand apart.
-- depends_on: {{ ref("publication_gate") }}
with labels as (

    select
        segmentation,
        count(*) as customers,
        count(segment_id) as labelled_customers,
        sum(case when is_borderline then 1 else 0 end) as borderline_customers
    from {{ ref("customer_segments") }}
    group by segmentation

),

sizes as (

    select
        segmentation,
        max(method) as method,
        max(model_version) as model_version,
        count(*) as segments,
        min(share) as smallest_share,
        max(share) as largest_share
    from {{ ref("segment_sizes") }}
    group by segmentation

),

models as (

    select
        segmentation,
        {{ parameter("model", "status", value="value_string") }} as model_status,
        {{ parameter("model", "reason", value="value_string") }} as model_reason,
        {{ parameter("model", "silhouette") }} as silhouette
    from {{ ref("candidate_parameters") }}
    group by segmentation

),

verdicts as (

    select * from {{ ref("segmentation_verdicts") }}

),

configuration as (

    select * from {{ ref("resolved_configuration") }}

),

final as (

    select
        configuration.segmentation,
        configuration.method,
        coalesce(sizes.model_version, configuration.config_hash) as model_version,
        coalesce(models.model_status, 'configured') as model_status,
        models.model_reason,
        coalesce(labels.customers, 0) as customers,
        coalesce(labels.labelled_customers, 0) as labelled_customers,
        coalesce(sizes.segments, 0) as segments,
        sizes.smallest_share,
        sizes.largest_share,
        models.silhouette,
        case
            when
                configuration.method in ({{ quoted_list(methods_with("is_clustering")) }})
                and verdicts.fallback is null
                then round({{ ratio("labels.borderline_customers", "labels.labelled_customers") }}, 6)
        end as borderline_share,
        verdicts.silhouette_excess,
        verdicts.stability,
        verdicts.lowest_stability,
        verdicts.null_lowest_stability,
        verdicts.mergeable_pairs,
        verdicts.history_days,
        verdicts.repeat_share,
        verdicts.verdict,
        verdicts.reasons,
        verdicts.fallback
    from configuration
    left join labels on configuration.segmentation = labels.segmentation
    left join sizes on configuration.segmentation = sizes.segmentation
    left join models on configuration.segmentation = models.segmentation
    left join verdicts on configuration.segmentation = verdicts.segmentation

)

select * from final
