-- One row per segmentation, segment and feature that tells the segment apart: ranked, with the direction in words.
-- depends_on: {{ ref("publication_gate") }}
with profiles as (

    select *
    from {{ ref("segment_profiles") }}
    where is_notable and level <> '(other)'

),

strongest as (

    -- Of a category the level that differs most stands for the feature.
    select
        *,
        case when level = '' then mean else share end as figure
    from profiles
    qualify
        row_number() over (
            partition by segmentation, segment_id, feature
            order by abs(standardised_difference) desc, level
        ) = 1

),

ranked as (

    select
        *,
        row_number() over (
            partition by segmentation, segment_id order by abs(standardised_difference) desc, feature
        ) as driver_rank,
        case
            when abs(standardised_difference) >= 0.8 then 'much '
            when abs(standardised_difference) < 0.5 then 'slightly '
            else ''
        end as degree
    from strongest

),

final as (

    select
        segmentation,
        segment_id,
        cast(driver_rank as integer) as driver_rank,
        segment_name,
        feature,
        level,
        case when standardised_difference > 0 then 'higher' else 'lower' end as direction,
        figure,
        overall,
        standardised_difference,
        case
            when level = ''
                then concat(
                        degree, case when standardised_difference > 0 then 'higher' else 'lower' end, ' than average: ',
                        {{ number_text("figure") }}, ' against ', {{ number_text("overall") }}
                    )
            else concat(
                    {{ level_words_of("feature", "level") }}, ' ', degree,
                    case when standardised_difference > 0 then 'more' else 'less' end,
                    ' often than average: ', {{ percent_text("figure") }}, ' against ', {{ percent_text("overall") }}
                )
        end as in_words,
        model_version
    from ranked
    where driver_rank <= 10

)

select * from final
