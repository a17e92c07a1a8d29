{#-
  One row per customer of `customers`: the nearest segment of a clustering segmentation, the runner-up and how sure
  that is. Everything comes from the parameter rows, so any customer can be scored at any time.

  customers: relation with customer_id, as_of_date, has_purchased, purchase_status and the features.
  parameters: relation of parameter rows.
-#}
{% macro score_clusters(segmentation, customers, parameters) -%}
    {%- set slots = range(1, largest_k(segmentation) + 1) -%}
    with model as (

        {{ model_as_columns(segmentation, parameters) | indent(8) }}

    ),

    scaled as (

        select
            customers.customer_id,
            customers.as_of_date,
            customers.has_purchased,
            customers.purchase_status,
            model.*,
            {{ scaled_columns(segmentation, "model") | indent(8) }}
        from {{ customers }} as customers
        cross join model

    ),

    measured as (

        select
            *,
            {%- for slot in slots %}
            {{ squared_distance(segmentation, slot) | indent(8) }} as d_{{ slot }}{{ "," if not loop.last }}
            {%- endfor %}
        from scaled

    ),

    nearest_found as (

        select
            *,
            -- least passes over the nulls of unused slots on every engine.
            {{ least_of_slots(slots, "d_{slot}") }} as nearest
        from measured

    ),

    placed as (

        select
            *,
            case nearest
                {%- for slot in slots %}
                when d_{{ slot }} then {{ slot }}
                {%- endfor %}
            end as nearest_slot
        from nearest_found

    ),

    second_found as (

        select
            *,
            {{ least_of_slots(slots, "case when nearest_slot <> {slot} then d_{slot} end") }} as second_nearest
        from placed

    )

    select
        '{{ segmentation }}' as segmentation,
        customer_id,
        as_of_date,
        has_purchased,
        purchase_status,
        model_reason,
        case nearest_slot
            {%- for slot in slots %}
            when {{ slot }} then segment_id_{{ slot }}
            {%- endfor %}
        end as segment_id,
        sqrt(nearest) as distance,
        -- 1/d^2 over the sum of all 1/d^2, multiplied out so that nothing is divided by zero.
        case
            when nearest = 0 then cast(1 as double)
            else 1 / (
                {%- for slot in slots %}
                coalesce(nearest / nullif(d_{{ slot }}, 0), 0){{ " +" if not loop.last }}
                {%- endfor %}
            )
        end as membership,
        case
            {%- for slot in slots %}
            when d_{{ slot }} = second_nearest and nearest_slot <> {{ slot }} then segment_id_{{ slot }}
            {%- endfor %}
        end as runner_up_segment_id,
        coalesce((sqrt(second_nearest) - sqrt(nearest)) / nullif(sqrt(second_nearest), 0), 0) as margin,
        model_version
    from second_found
{%- endmacro %}


{% macro least_of_slots(slots, expression) -%}
    least(
        {%- for slot in slots %}
        {{ expression | replace("{slot}", slot) }}{{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
