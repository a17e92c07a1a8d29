{#-
  One row per customer with a scored segment: the three features that speak most for it against the runner-up, and the
  three that speak most for the runner-up, each with its share of the difference of squared distances.
  The squared distance to the runner-up less that to the own segment is a sum over the features, so each has its part.

  customers: relation with customer_id and the features. labels: relation with segmentation, customer_id, segment_id and
  runner_up_segment_id. parameters: relation of parameter rows.
-#}
{% macro explain_clusters(segmentation, customers, labels, parameters) -%}
    {%- set features = var("segmentations")[segmentation]["features"] -%}
    {%- set numeric = numeric_features(features) -%}
    {%- set slots = range(1, largest_k(segmentation) + 1) -%}
    {%- set places = range(1, ([3, features | length] | min) + 1) -%}
    with model as (

        {{ model_as_columns(segmentation, parameters) | indent(8) }}

    ),

    scaled as (

        select
            customers.customer_id,
            labels.segment_id,
            labels.runner_up_segment_id,
            model.*,
            {{ scaled_columns(segmentation, "model") | indent(8) }}
        from {{ customers }} as customers
        inner join {{ labels }} as labels
            on customers.customer_id = labels.customer_id and labels.segmentation = '{{ segmentation }}'
        cross join model

    ),

    slotted as (

        select
            *,
            {%- for column in ["segment_id", "runner_up_segment_id"] %}
            case {{ column }}
                {%- for slot in slots %}
                when segment_id_{{ slot }} then {{ slot }}
                {%- endfor %}
            end as {{ column }}_slot{{ "," if not loop.last }}
            {%- endfor %}
        from scaled

    ),

    contributions as (

        select
            *,
            {%- for feature in features %}
            {%- set i = loop.index %}
            {%- if feature in numeric %}
            {%- set own = value_in_slot(slots, "centroid_" ~ i, "segment_id_slot") %}
            {%- set other = value_in_slot(slots, "centroid_" ~ i, "runner_up_segment_id_slot") %}
            round(weight_{{ i }} * (
                (z_{{ i }} - {{ other | indent(12) }}) * (z_{{ i }} - {{ other | indent(12) }})
                - (z_{{ i }} - {{ own | indent(12) }}) * (z_{{ i }} - {{ own | indent(12) }})
            ), 6)
            {%- else %}
            {%- set own = value_in_slot(slots, "mode_" ~ i, "segment_id_slot") %}
            {%- set other = value_in_slot(slots, "mode_" ~ i, "runner_up_segment_id_slot") %}
            round(gamma_{{ i }} * (
                case when level_{{ i }} = {{ other | indent(12) }} then 0 else 1 end
                - case when level_{{ i }} = {{ own | indent(12) }} then 0 else 1 end
            ), 6)
            {%- endif %} as part_{{ i }}{{ "," if not loop.last }}
            {%- endfor %}
        from slotted

    )

    {%- for place in places %},

    place_{{ place }} as (

        select
            *,
            {%- for side, sign in [("for", ""), ("against", "-")] %}
            case greatest(
                {%- for feature in features %}
                {{ untaken_part(side, place, loop.index, sign) }}{{ "," if not loop.last }}
                {%- endfor %}
            )
                {%- for feature in features %}
                when {{ untaken_part(side, place, loop.index, sign) }} then {{ loop.index }}
                {%- endfor %}
            end as {{ side }}_{{ place }}{{ "," if not loop.last }}
            {%- endfor %}
        from {{ "place_" ~ (place - 1) if place > 1 else "contributions" }}

    )
    {%- endfor %}

    select
        '{{ segmentation }}' as segmentation,
        customer_id,
        segment_id,
        runner_up_segment_id,
        {%- for side in ["for", "against"] %}
        {%- for place in range(1, 4) %}
        {%- if place in places %}
        case {{ side }}_{{ place }}
            {%- for feature in features %}
            when {{ loop.index }} then '{{ feature }}'
            {%- endfor %}
        end as {{ side }}_feature_{{ place }},
        case {{ side }}_{{ place }}
            {%- for feature in features %}
            when {{ loop.index }} then part_{{ loop.index }}
            {%- endfor %}
        end as {{ side }}_part_{{ place }},
        {%- else %}
        cast(null as {{ dbt.type_string() }}) as {{ side }}_feature_{{ place }},
        cast(null as double) as {{ side }}_part_{{ place }},
        {%- endif %}
        {%- endfor %}
        {%- endfor %}
        model_version
    from place_{{ places | last }}
{%- endmacro %}


{#- A feature's part, or null where it speaks for the other side, says nothing or stands in an earlier place. -#}
{% macro untaken_part(side, place, i, sign) -%}
    case
        when {{ sign }}part_{{ i }} > 0
        {%- for earlier in range(1, place) %} and coalesce({{ side }}_{{ earlier }} <> {{ i }}, true){% endfor %}
            then {{ sign }}part_{{ i }}
    end
{%- endmacro %}
