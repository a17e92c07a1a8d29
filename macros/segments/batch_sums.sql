{#-
  The customers of a batch added up by the segments of a model: one row per segment, and one per segment, category
  (`feature`) and level. total_<i> is the exact sum of the scaled number at that position; on rows of a level nobody
  asks for it. The Python counterpart is segmentation.online.tally_of; a test holds the two together.

  customers, parameters, configuration: as for nearest_segments.
-#}
{% macro batch_sums(segmentation, customers, parameters, configuration) -%}
    {%- set features = var("segmentations")[segmentation]["features"] -%}
    {%- set numbers = numeric_features(features) -%}
    {%- set categories = features | reject("in", numbers) | list -%}
    select
        segment_id,
        case
            {%- for feature in categories %}
            when level_{{ features.index(feature) + 1 }} is not null then '{{ feature }}'
            {%- endfor %}
            when false then ''
        end as feature,
        coalesce(
            {%- for feature in categories %}
            level_{{ features.index(feature) + 1 }},
            {%- endfor %}
            cast(null as {{ dbt.type_string() }})
        ) as level,
        {%- for feature in numbers %}
        {{ exact_sum("z_" ~ (features.index(feature) + 1), digits=9) }} as total_{{ features.index(feature) + 1 }},
        {%- endfor %}
        count(*) as customers,
        max(as_of_date) as as_of_date
    from (
        {{ nearest_segments(segmentation, customers, parameters, configuration, ["as_of_date"]) | indent(8) }}
    ) as placed
    group by grouping sets (
        (segment_id)
        {%- for feature in categories %},
        (segment_id, level_{{ features.index(feature) + 1 }})
        {%- endfor %}
    )
{%- endmacro %}
