-- One row per quantity and measure of the holdout: what the models of customer value, fitted on the calibration period,
-- said of the period after it, against what happened and against going on as before; or why there is no such model.
-- depends_on: {{ ref("publication_gate") }}
-- depends_on: {{ ref("learning_scope") }}
{%- set measures = ["correlation", "bias", "mean_absolute_error", "top_decile_capture"] %}
{%- set quantities = {"orders": ["bg_nbd"], "value": ["bg_nbd", "gamma_gamma"]} %}
with guesses as (

    select * from {{ ref("int_holdout_guesses") }}

),

measured as (

    select
        quantity,
        {%- for guess in ["expected", "usual"] %}
        {{ pearson(guess, "actual") }} as {{ guess }}_correlation,
        {{ ratio(exact_sum(guess), exact_sum("actual")) }} - 1 as {{ guess }}_bias,
        {{ ratio(exact_sum("abs(" ~ guess ~ " - actual)"), "count(*)") }} as {{ guess }}_mean_absolute_error,
        {{ ratio(
            exact_sum("case when 10 * " ~ guess ~ "_rank <= customers then actual else 0 end"), exact_sum("actual")
        ) }} as {{ guess }}_top_decile_capture,
        {%- endfor %}
        count(*) as customers
    from guesses
    group by quantity

),

results as (

    {%- for measure in measures %}
    select
        quantity,
        '{{ measure }}' as measure,
        customers,
        round(expected_{{ measure }}, 6) as model_result,
        round(usual_{{ measure }}, 6) as going_on_as_before
    from measured
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

-- What is not there is said as well.
asked as (

    {%- for quantity, models in quantities.items() %}
    {%- set quantity_loop = loop %}
    {%- for measure in measures %}
    select
        '{{ quantity }}' as quantity,
        '{{ measure }}' as measure,
        min(value_string) as reason
    from {{ ref("value_parameters") }}
    where dataset = 'calibration' and parameter = 'reason' and model in ({{ quoted_list(models) }})
    {{ "union all" if not (loop.last and quantity_loop.last) }}
    {%- endfor %}
    {%- endfor %}

),

final as (

    select
        asked.quantity,
        asked.measure,
        cast({{ var("value")["holdout_days"] }} as integer) as holdout_days,
        coalesce(results.customers, 0) as customers,
        results.model_result,
        results.going_on_as_before,
        asked.reason
    from asked
    left join results on asked.quantity = results.quantity and asked.measure = results.measure

)

select * from final
