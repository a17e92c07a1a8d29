-- One row per segmentation, measure and feature (empty where the measure is of the model as a whole) that could be
-- measured: its value, the degrees of freedom of an index, and how many customers were counted.
with parameters as (

    select * from {{ ref("standing_parameters") }}

),

bins as (

    select * from {{ ref("drift_bins") }}

),

counts as (

    select * from {{ ref("drift_counts") }}

),

baseline as (

    select
        segmentation,
        {{ parameter("mean_distance") }} as mean_distance
    from parameters
    group by segmentation

),

-- Bins that held less than one in a hundred are one: their index would be noise.
pooled as (

    select
        segmentation,
        feature,
        case when share_at_fit >= 0.01 or feature = '' then bin else '(other)' end as bin,
        sum(share_at_fit) as share_at_fit,
        sum(share) as share,
        sum(customers) as customers
    from bins
    group by all

),

indices as (

    select
        segmentation,
        case when feature = '' then 'segment_psi' else 'feature_psi' end as measure,
        feature,
        {{ exact_sum(stability_term("share_at_fit", "share"), digits=12) }} as value,
        count(*) - 1 as freedom,
        sum(customers) as customers
    from pooled
    group by segmentation, feature

),

unseen as (

    select
        segmentation,
        'unseen_share' as measure,
        feature,
        -- Of very many levels the rare ones were one bin: what exceeds their share is unseen for certain.
        greatest(
            {{ exact_sum("case when is_known then 0 else share end", digits=12) }}
            - coalesce(max(case when bin = '(other)' and is_known then share_at_fit end), 0),
            0
        ) as value,
        0 as freedom,
        sum(customers) as customers
    from bins
    group by segmentation, feature

),

distances as (

    select
        counts.segmentation,
        'distance_change' as measure,
        '' as feature,
        {{ ratio(
            ratio(exact_sum("counts.total_distance"), "sum(counts.customers)"), "max(baseline.mean_distance)"
        ) }} - 1 as value,
        0 as freedom,
        sum(counts.customers) as customers
    from counts
    inner join baseline on counts.segmentation = baseline.segmentation
    where counts.segment_id is not null
    group by counts.segmentation

),

final as (

    select * from indices
    union all
    select * from unseen
    union all
    select * from distances

)

select * from final
