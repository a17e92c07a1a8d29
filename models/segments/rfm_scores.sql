-- One row per RFM segmentation, as-of date and customer with a purchase by then: the scores by the stored cut points.
-- Whoever has the same value has the same score, and the cut points stay until the model is fitted anew.
with purchasers as (

    select *
    from {{ ref("customer_features") }}
    where has_purchased and {{ changed_dates("customer_id", "as_of_date") }}

),

cut_points as (

    select
        segmentation,
        {%- for feature in ["recency_days", "frequency", "monetary"] %}
        {%- for cut in range(1, 5) %}
        {{ parameter("rfm_cut", feature, cut) }} as {{ feature }}_{{ cut }},
        {%- endfor %}
        {%- endfor %}
        model_version
    from {{ ref("candidate_parameters") }}
    where segmentation in ({{ quoted_list(segmentations_of(["rfm"])) }})
    group by segmentation, model_version

),

scores as (

    select
        cut_points.segmentation,
        purchasers.customer_id,
        purchasers.as_of_date,
        purchasers.is_current,
        -- Fewer days are better: the scale is turned round.
        5 - {{ cuts_passed("recency_days") }} as recency_score,
        {{ rfm_score("frequency") }} as frequency_score,
        {{ rfm_score("monetary") }} as monetary_score,
        cut_points.model_version
    from purchasers
    cross join cut_points

),

final as (

    select
        scores.segmentation,
        scores.customer_id,
        scores.as_of_date,
        scores.is_current,
        scores.recency_score,
        scores.frequency_score,
        scores.monetary_score,
        {{ rfm_mean_score("scores.frequency_score", "scores.monetary_score") }} as frequency_monetary_score,
        scores.model_version
    from scores

)

select * from final
