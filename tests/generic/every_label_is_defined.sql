{#- Every segment that a customer stands in, or comes second in, is defined. -#}
{% test every_label_is_defined(model, definitions) %}

select
    labels.segmentation,
    labels.segment_id
from (
    select
        segmentation,
        segment_id
    from {{ model }}
    group by segmentation, segment_id

    union

    select
        segmentation,
        runner_up_segment_id as segment_id
    from {{ model }}
    group by segmentation, runner_up_segment_id
) as labels
left join {{ definitions }} as definitions
    on labels.segmentation = definitions.segmentation and labels.segment_id = definitions.segment_id
where labels.segment_id is not null and definitions.segment_id is null

{% endtest %}
