{#-
  One row per labelled customer of a clustering segmentation: the features that place it in its segment and not in the
  runner-up, and those that would move it there. The advantage d2^2 - d1^2 is a sum over features, so each has its part:
      place: w ((z - m2)^2 - (z - m1)^2), or gamma times whether the category differs from each mode;
      move: by how much the advantage shrinks if the feature took the runner-up's typical value.
  Where smoothing holds a customer in a segment although the runner-up is nearer, the advantage is below zero.
  A projection alone: no row per customer and feature.

  labels: relation with segmentation, customer_id, segment_id, runner_up_segment_id, model_version, as_of_date.
  customers: relation with customer_id and the features. parameters: relation of parameter rows.
-#}
{% macro explain_customers(segmentation, labels, customers, parameters) -%}
    {%- set features = var("segmentations")[segmentation]["features"] -%}
    {%- set numeric = numeric_features(features) -%}
    {%- set slots = range(1, largest_k(segmentation) + 1) -%}
    with model as (

        {{ model_as_columns(segmentation, parameters) | indent(8) }}

    ),

    placed as (

        select
            labels.customer_id,
            labels.segment_id,
            labels.runner_up_segment_id,
            labels.model_version as label_version,
            labels.as_of_date as label_date,
            {%- for feature in features %}
            {%- set i = loop.index %}
            {%- if feature in numeric %}
            cast(customers.{{ feature }} as double) as raw_{{ i }},
            model.weight_{{ i }} as factor_{{ i }},
            {{ typical(slots, "segment_id", "centroid_" ~ i) }} as own_{{ i }},
            {{ typical(slots, "runner_up_segment_id", "centroid_" ~ i) }} as other_{{ i }},
            model.center_{{ i }},
            model.scale_{{ i }},
            model.lambda_{{ i }},
            {%- else %}
            model.gamma_{{ i }} as factor_{{ i }},
            {{ typical(slots, "segment_id", "mode_" ~ i) }} as own_{{ i }},
            {{ typical(slots, "runner_up_segment_id", "mode_" ~ i) }} as other_{{ i }},
            {%- endif %}
            {%- endfor %}
            {{ scaled_columns(segmentation, "model") | indent(12) }}
        from {{ labels }} as labels
        inner join {{ customers }} as customers on labels.customer_id = customers.customer_id
        cross join model
        where labels.segmentation = '{{ segmentation }}'

    ),

    contributions as (

        -- Rounded, so that the order in which terms are added decides nothing.
        select
            *,
            {%- for feature in features %}
            {%- set i = loop.index %}
            {%- if feature in numeric %}
            round(
                factor_{{ i }} * ((z_{{ i }} - other_{{ i }}) * (z_{{ i }} - other_{{ i }})
                - (z_{{ i }} - own_{{ i }}) * (z_{{ i }} - own_{{ i }})), 6
            ) as place_{{ i }},
            round(
                factor_{{ i }} * ((z_{{ i }} - other_{{ i }}) * (z_{{ i }} - other_{{ i }})
                - (z_{{ i }} - own_{{ i }}) * (z_{{ i }} - own_{{ i }})
                + (other_{{ i }} - own_{{ i }}) * (other_{{ i }} - own_{{ i }})), 6
            ) as move_{{ i }}
            {%- else %}
            round(factor_{{ i }} * (
                case when level_{{ i }} = other_{{ i }} then 0 else 1 end
                - case when level_{{ i }} = own_{{ i }} then 0 else 1 end
            ), 6) as place_{{ i }},
            round(factor_{{ i }} * (
                case when level_{{ i }} = other_{{ i }} then 0 else 1 end
                - case when level_{{ i }} = own_{{ i }} then 0 else 1 end
                + case when own_{{ i }} = other_{{ i }} then 0 else 1 end
            ), 6) as move_{{ i }}
            {%- endif %}
            {{- "," if not loop.last }}
            {%- endfor %}
        from placed

    ),

    {% for rank in [1, 2, 3] %}
    largest_{{ rank }} as (

        select
            *,
            {%- for kind in ["place", "move"] %}
            greatest(cast(0 as double), {{ parts_left(features, kind, rank) | join(", ") }}) as {{ kind }}_largest_{{ rank }}
            {{- "," if not loop.last }}
            {%- endfor %}
        from {{ "contributions" if rank == 1 else "ranked_" ~ (rank - 1) }}

    ),

    ranked_{{ rank }} as (

        select
            *,
            {%- for kind in ["place", "move"] %}
            case
                when {{ kind }}_largest_{{ rank }} = 0 then null
                {%- for part in parts_left(features, kind, rank) %}
                when {{ part }} = {{ kind }}_largest_{{ rank }} then {{ loop.index }}
                {%- endfor %}
            end as {{ kind }}_rank_{{ rank }}{{ "," if not loop.last }}
            {%- endfor %}
        from largest_{{ rank }}

    ),
    {% endfor %}

    in_units as (

        select
            *
            {%- for feature in features if feature in numeric %}
            {%- set i = features.index(feature) + 1 %},
            {{ unscaled(feature, "own_" ~ i, "ranked_3", i) }} as own_units_{{ i }},
            {{ unscaled(feature, "other_" ~ i, "ranked_3", i) }} as other_units_{{ i }}
            {%- endfor %}
        from ranked_3

    ),

    in_words as (

        select
            *,
            {%- for feature in features %}
            {%- set i = loop.index %}
            {%- set words = string_literal(feature_words(feature) ~ " ") %}
            {%- if feature in numeric %}
            concat(
                {{ words }}, {{ number_text("raw_" ~ i) }},
                ' (here ', {{ number_text("own_units_" ~ i) }}, ', there ', {{ number_text("other_units_" ~ i) }}, ')'
            ) as text_{{ i }}
            {%- else %}
            concat(
                {{ words }}, {{ level_words(feature, "level_" ~ i) }},
                ' (here ', {{ level_words(feature, "own_" ~ i) }}, ', there ', {{ level_words(feature, "other_" ~ i) }}, ')'
            ) as text_{{ i }}
            {%- endif %}
            {{- "," if not loop.last }}
            {%- endfor %}
        from in_units

    ),

    named as (

        select
            *,
            {%- for kind in ["place", "move"] %}
            {%- for rank in [1, 2, 3] %}
            case {{ kind }}_rank_{{ rank }}
                {%- for feature in features %}
                when {{ loop.index }} then '{{ feature }}'
                {%- endfor %}
            end as {{ kind }}_feature_{{ rank }},
            case when {{ kind }}_rank_{{ rank }} is not null then {{ kind }}_largest_{{ rank }} end
                as {{ kind }}_contribution_{{ rank }},
            case {{ kind }}_rank_{{ rank }}
                {%- for feature in features %}
                when {{ loop.index }} then text_{{ loop.index }}
                {%- endfor %}
            end as {{ kind }}_text_{{ rank }},
            {%- endfor %}
            {%- endfor %}
            round({% for feature in features %}place_{{ loop.index }}{{ " + " if not loop.last }}{% endfor %}, 6) as advantage
        from in_words

    )

    select
        '{{ segmentation }}' as segmentation,
        customer_id,
        segment_id,
        runner_up_segment_id,
        advantage,
        {%- for kind in ["place", "move"] %}
        {%- for rank in [1, 2, 3] %}
        {{ kind }}_feature_{{ rank }},
        {{ kind }}_contribution_{{ rank }},
        {%- endfor %}
        concat(
            coalesce({{ kind }}_text_1, ''),
            -- A null within concat is nothing on one engine and everything on the other.
            case when {{ kind }}_text_2 is null then '' else concat('; ', {{ kind }}_text_2) end,
            case when {{ kind }}_text_3 is null then '' else concat('; ', {{ kind }}_text_3) end
        ) as {{ kind }}_words,
        {%- endfor %}
        label_version as model_version,
        label_date as as_of_date
    from named
{%- endmacro %}


{#- The value of a model's column `prefix` for the segment that a column of labels names. -#}
{% macro typical(slots, segment, prefix) -%}
    case labels.{{ segment }}
        {%- for slot in slots %}
        when model.segment_id_{{ slot }} then model.{{ prefix }}_{{ slot }}
        {%- endfor %}
    end
{%- endmacro %}


{#- The parts of all features, but zero for those that an earlier rank took. -#}
{% macro parts_left(features, kind, rank) -%}
    {%- set parts = [] -%}
    {%- for feature in features -%}
        {%- set i = loop.index -%}
        {%- set conditions = [] -%}
        {%- for earlier in range(1, rank) -%}
            {%- do conditions.append("coalesce({}_rank_{}, 0) = {}".format(kind, earlier, i)) -%}
        {%- endfor -%}
        {%- if conditions -%}
            {%- do parts.append("case when {} then 0.0 else {}_{} end".format(conditions | join(" or "), kind, i)) -%}
        {%- else -%}
            {%- do parts.append("{}_{}".format(kind, i)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}
