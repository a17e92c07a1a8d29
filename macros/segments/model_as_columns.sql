{#-
  The parameters of one clustering model as a single row of columns, to be cross-joined with customers: scoring is then
  a projection, with no row per customer and segment. Segments stand in slots 1..k by their id; a slot that the model
  does not use is null.
-#}
{% macro model_as_columns(segmentation, parameters) -%}
    {%- set features = var("segmentations")[segmentation]["features"] -%}
    {%- set numeric = numeric_features(features) -%}
    select
        max(model_version) as model_version,
        {{ parameter("model", "status", value="value_string") }} as status,
        {{ parameter("model", "reason", value="value_string") }} as model_reason,
        {%- for slot in range(1, largest_k(segmentation) + 1) %}
        {{ parameter("segment", "name", slot=slot, value="segment_id") }} as segment_id_{{ slot }},
        {%- endfor %}
        {%- for feature in features %}
        {%- set i = loop.index %}
        {%- if feature in numeric %}
        {%- for kind in ["impute", "clip_low", "clip_high", "lambda", "center", "scale", "weight"] %}
        {{ parameter(kind, feature) }} as {{ kind }}_{{ i }},
        {%- endfor %}
        {%- for slot in range(1, largest_k(segmentation) + 1) %}
        {{ parameter("centroid", feature, slot=slot) }} as centroid_{{ i }}_{{ slot }},
        {%- endfor %}
        {%- else %}
        {{ parameter("gamma", feature) }} as gamma_{{ i }},
        {%- for slot in range(1, largest_k(segmentation) + 1) %}
        {{ parameter("mode", feature, slot=slot, value="value_string") }} as mode_{{ i }}_{{ slot }},
        {%- endfor %}
        {%- endif %}
        {%- endfor %}
        count(*) as parameter_rows
    from (
        select
            parameters.*,
            slots.slot
        from {{ parameters }} as parameters
        left join (
            select
                segment_id,
                row_number() over (order by segment_id) as slot
            from {{ parameters }}
            where segmentation = '{{ segmentation }}' and kind = 'segment' and feature = 'name'
        ) as slots on parameters.segment_id = slots.segment_id
        where parameters.segmentation = '{{ segmentation }}' and parameters.kind not in ('k_search', 'sensitivity')
    ) as numbered
{%- endmacro %}
