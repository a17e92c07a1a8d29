{#-
  One row per customer of `customers`: the nearest segment of a clustering segmentation, the runner-up and how sure
  that is. Everything comes from the parameter rows, so any customer can be scored at any time.
  The Python counterpart is segmentation.scoring; a test holds the two together.

  customers: relation with customer_id, as_of_date, is_current, has_purchased, purchase_status and the features.
  parameters: relation of parameter rows.
  own: a column of `customers` with the segment that each is in. Distance, membership, runner-up and margin are then told
  of that one in place of the nearest, and a margin is below zero where another is nearer.
-#}
{% macro score_clusters(segmentation, customers, parameters, own=none) -%}
    {%- set slots = range(1, largest_k(segmentation) + 1) -%}
    {%- set numeric = numeric_features(var("segmentations")[segmentation]["features"]) -%}
    with model as (

        {{ model_as_columns(segmentation, parameters) | indent(8) }}

    ),

    scaled as (

        select
            customers.customer_id,
            customers.as_of_date,
            customers.is_current,
            customers.has_purchased,
            customers.purchase_status,
            {%- if own %}
            customers.{{ own }} as own_segment_id,
            {%- endif %}
            model.*,
            {{ scaled_columns(segmentation, "model") | indent(8) }}
        from {{ customers }} as customers
        cross join model

    ),

    measured as (

        select
            *,
            {%- for slot in slots %}
            {{ squared_distance(segmentation, slot, numeric) | indent(8) }} as square_{{ slot }}{{ "," if not loop.last }}
            {%- endfor %}
        from scaled

    ),

    compared as (

        select
            *,
            -- The order in which terms are added must not decide: twelve decimals are compared.
            {%- for slot in slots %}
            round(square_{{ slot }}, 12) as compared_{{ slot }}{{ "," if not loop.last }}
            {%- endfor %}
        from measured

    ),

    placed as (

        select
            *,
            {%- if own %}
            case own_segment_id
                {%- for slot in slots %}
                when segment_id_{{ slot }} then {{ slot }}
                {%- endfor %}
            end as nearest_slot
            {%- else %}
            {{ first_smallest_slot(slots, "compared_{slot}") | indent(12) }} as nearest_slot
            {%- endif %}
        from compared

    ),

    ranked as (

        select
            *,
            {{ first_smallest_slot(slots, "case when nearest_slot <> {slot} then compared_{slot} end") | indent(12) }}
                as runner_up_slot
        from placed

    ),

    known as (

        select
            *,
            {{ value_in_slot(slots, "square", "nearest_slot") | indent(12) }} as nearest_square,
            {{ value_in_slot(slots, "square", "runner_up_slot") | indent(12) }} as runner_up_square
        from ranked

    )

    select
        '{{ segmentation }}' as segmentation,
        customer_id,
        as_of_date,
        is_current,
        has_purchased,
        purchase_status,
        model_reason,
        {{ value_in_slot(slots, "segment_id", "nearest_slot") | indent(8) }} as segment_id,
        sqrt(nearest_square) as distance,
        -- 1/d^2 over the sum of all 1/d^2, multiplied out so that nothing is divided by zero.
        case
            when round(nearest_square, 12) = 0 then cast(1 as double)
            {%- if own %}
            when round(runner_up_square, 12) = 0 then cast(0 as double)
            {%- endif %}
            when nearest_square > 0 then 1 / (
                {%- for slot in slots %}
                coalesce(nearest_square / square_{{ slot }}, 0){{ " +" if not loop.last }}
                {%- endfor %}
            )
        end as membership,
        {{ value_in_slot(slots, "segment_id", "runner_up_slot") | indent(8) }} as runner_up_segment_id,
        {%- if own %}
        case
            when greatest(runner_up_square, nearest_square) = 0 then cast(0 as double)
            when runner_up_square >= 0
                then (sqrt(runner_up_square) - sqrt(nearest_square)) / sqrt(greatest(runner_up_square, nearest_square))
        end as margin,
        {%- else %}
        -- A tie that the lower slot won may be longer by a rounding error.
        case
            when runner_up_square = 0 then cast(0 as double)
            when runner_up_square > 0
                then greatest((sqrt(runner_up_square) - sqrt(nearest_square)) / sqrt(runner_up_square), 0)
        end as margin,
        {%- endif %}
        model_version
    from known
{%- endmacro %}


{#- The lowest slot with the smallest of the values; `expression` holds {slot}. -#}
{% macro first_smallest_slot(slots, expression) -%}
    case
        -- least passes over the nulls of unused slots on every engine.
        least(
            {%- for slot in slots %}
            {{ expression | replace("{slot}", slot) }}{{ "," if not loop.last }}
            {%- endfor %}
        )
        {%- for slot in slots %}
        when {{ expression | replace("{slot}", slot) }} then {{ slot }}
        {%- endfor %}
    end
{%- endmacro %}


{#- The column <prefix>_<slot> of the slot that `slot_column` names. -#}
{% macro value_in_slot(slots, prefix, slot_column) -%}
    case {{ slot_column }}
        {%- for slot in slots %}
        when {{ slot }} then {{ prefix }}_{{ slot }}
        {%- endfor %}
    end
{%- endmacro %}
