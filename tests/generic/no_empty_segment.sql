{#- Every segment has at least one customer. -#}
{% test no_empty_segment(model, column_name) %}

select *
from {{ model }}
where coalesce({{ column_name }}, 0) = 0

{% endtest %}
