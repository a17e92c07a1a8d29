{#-
  Every column of a label speaks of the published segment: the runner-up is another one, a customer without a segment has
  no place in one, and only whom smoothing holds in a segment stands nearer to another.
-#}
{% test columns_speak_of_one_segment(model) %}

select *
from {{ model }}
where
    segment_id = runner_up_segment_id
    or (segment_id is null and coalesce(distance, membership, margin, runner_up_segment_id) is not null)
    or (segment_id is null) <> (raw_segment_id is null)
    or (segment_id is null) <> (reason is not null)
    or (segment_id = raw_segment_id and margin < 0)
    or (segment_id <> raw_segment_id and margin > 1e-9)
    or (segment_id <> raw_segment_id and distance is not null and runner_up_segment_id <> raw_segment_id)

{% endtest %}
