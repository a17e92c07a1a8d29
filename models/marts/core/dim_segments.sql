-- One row per segmentation and segment: who it is called, how large it is and what it brings.
-- depends_on: {{ ref("publication_gate") }}
with sizes as (

    select * from {{ ref("segment_sizes") }}

),

current_date_known as (

    select as_of_date
    from {{ ref("as_of_dates") }}
    where is_current

),

phrases as (

    select
        segmentation,
        segment_id,
        driver_rank,
        concat({{ feature_words_of("feature") }}, ' ', in_words) as phrase
    from {{ ref("segment_drivers") }}

),

strongest as (

    select
        {%- for rank in range(1, 5) %}
        max(case when driver_rank = {{ rank }} then phrase end) as words_{{ rank }},
        {%- endfor %}
        segmentation,
        segment_id
    from phrases
    group by segmentation, segment_id

),

-- What sets the customers of today apart, so that words and figures are of the same customers.
described as (

    select
        segmentation,
        segment_id,
        concat(
            upper(substring(words_1, 1, 1)), substring(words_1, 2),
            {%- for rank in range(2, 5) %}
            -- A null within concat is nothing on one engine and everything on the other.
            case when words_{{ rank }} is null then '' else concat('; ', words_{{ rank }}) end,
            {%- endfor %}
            '.'
        ) as description
    from strongest

),

final as (

    select
        sizes.segmentation,
        sizes.segment_id,
        sizes.segment_name,
        case
            when sizes.method not in ({{ quoted_list(methods_with("is_clustering")) }}) then sizes.description
            when sizes.customers = 0 then 'Nobody is in it.'
            else coalesce(described.description, 'Close to the average in every feature.')
        end as description,
        sizes.method,
        sizes.customers,
        sizes.share,
        sizes.revenue,
        sizes.revenue_share,
        case
            when sizes.is_fallback then 'fallback'
            when sizes.customers = 0 then 'empty'
            else 'active'
        end as status,
        sizes.model_version,
        current_date_known.as_of_date
    from sizes
    cross join current_date_known
    left join described
        on sizes.segmentation = described.segmentation and sizes.segment_id = described.segment_id

)

select * from final
