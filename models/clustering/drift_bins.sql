-- One row per segmentation, feature and bin, and per segment (feature is empty): the share of the customers of the fit
-- that were there, and that of today's. Only models that know their fit have rows.
with parameters as (

    select * from {{ ref("standing_parameters") }}

),

counts as (

    select * from {{ ref("drift_counts") }}

),

samples as (

    select
        segmentation,
        {{ parameter("model", "sample_size") }} as customers
    from parameters
    group by segmentation

),

baseline as (

    select
        segmentation,
        feature,
        level as bin,
        value_double as share
    from parameters
    where kind = 'bin_share'

    union all

    select
        parameters.segmentation,
        '' as feature,
        {{ as_text("parameters.segment_id") }} as bin,
        {{ ratio("parameters.value_double", "samples.customers") }} as share
    from parameters
    inner join samples on parameters.segmentation = samples.segmentation
    where parameters.kind = 'segment' and parameters.feature = 'sample_size'

),

watched as (

    select distinct
        segmentation,
        feature
    from baseline

),

together as (

    select
        segmentation,
        feature,
        bin,
        share as share_at_fit,
        1 as known,
        0 as customers
    from baseline

    union all

    select
        counts.segmentation,
        coalesce(counts.feature, '') as feature,
        coalesce(counts.bin, {{ as_text("counts.segment_id") }}) as bin,
        0 as share_at_fit,
        0 as known,
        counts.customers
    from counts
    inner join watched
        on counts.segmentation = watched.segmentation and coalesce(counts.feature, '') = watched.feature

),

grouped as (

    select
        segmentation,
        feature,
        bin,
        max(known) = 1 as is_known,
        max(share_at_fit) as share_at_fit,
        cast(sum(customers) as bigint) as customers
    from together
    group by segmentation, feature, bin

),

final as (

    select
        *,
        {{ ratio("customers", "sum(customers) over (partition by segmentation, feature)") }} as share
    from grouped

)

select * from final
