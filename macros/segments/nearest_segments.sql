{#-
  One row per eligible customer of a clustering segmentation: the nearest segment by a model, its distance, and
  the features as they enter a distance. Nobody where there is no fitted model. What the drift of a model and its online
  updates are counted from; labels come from score_clusters, by the same arithmetic.

  customers: relation with has_purchased and the features of today.
  parameters: relation of parameter rows.
  configuration: relation of resolved_configuration.
  columns: further columns of customers to carry along.
-#}
{% macro nearest_segments(segmentation, customers, parameters, configuration, columns=[]) -%}
    {%- set slots = range(1, largest_k(segmentation) + 1) -%}
    {%- set features = var("segmentations")[segmentation]["features"] -%}
    {%- set numeric = numeric_features(features) -%}
    with model as (

        {{ model_as_columns(segmentation, parameters) | indent(8) }}

    ),

    scaled as (

        select
            {%- for column in columns %}
            customers.{{ column }},
            {%- endfor %}
            model.*,
            {{ scaled_columns(segmentation, "model") | indent(8) }}
        from {{ customers }} as customers
        cross join model
        where
            model.status = 'fitted'
            and {{ is_eligible_now(segmentation, "customers", configuration) }}

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
            {%- for slot in slots %}
            round(square_{{ slot }}, 12) as compared_{{ slot }}{{ "," if not loop.last }}
            {%- endfor %}
        from measured

    ),

    placed as (

        select
            *,
            {{ first_smallest_slot(slots, "compared_{slot}") | indent(12) }} as nearest_slot
        from compared

    )

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        {%- for feature in features %}
        {{ "z" if feature in numeric else "level" }}_{{ loop.index }},
        {%- endfor %}
        {{ value_in_slot(slots, "segment_id", "nearest_slot") | indent(8) }} as segment_id,
        sqrt(greatest({{ value_in_slot(slots, "square", "nearest_slot") | indent(8) }}, 0)) as distance
    from placed
{%- endmacro %}


{#- A condition: whether a customer may have a segment of the segmentation. customers: relation with has_purchased. -#}
{% macro is_eligible_now(segmentation, customers, configuration) -%}
    (
                {{ customers }}.has_purchased
                or not (
                    select settings.uses_orders from {{ configuration }} as settings
                    where settings.segmentation = '{{ segmentation }}'
                )
            )
{%- endmacro %}
