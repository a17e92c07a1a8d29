{#- The columns of customer_labels, a segment each, by the places of the segmentations in the configuration; one that
    stays empty where there are none. -#}
{% macro label_columns() -%}
    {%- set names = [] -%}
    {%- for segmentation in var("segmentations") or {} -%}
        {%- do names.append("segment_of_" ~ loop.index) -%}
    {%- endfor -%}
    {{ return(names or ["no_segment"]) }}
{%- endmacro %}


{#- Rows by combination of segments as rows by segmentation and segment: one for every segmentation that has a segment.
    relation: with the columns of customer_labels. columns: {name: type} of what is carried along. -#}
{% macro by_segmentation(relation, columns) -%}
    {%- set labels = label_columns() -%}
    {%- set types = {"segmentation": "string", "segment_id": "integer"} -%}
    {%- do types.update(columns) -%}
    {%- for segmentation in var("segmentations") or {} -%}
    select
        '{{ segmentation }}' as segmentation,
        {{ labels[loop.index0] }} as segment_id,
        {{ columns | join(",\n        ") }}
    from {{ relation }}
    where {{ labels[loop.index0] }} is not null
    union all
    {% endfor -%}
    {{ no_rows(types, relation) }}
{%- endmacro %}
