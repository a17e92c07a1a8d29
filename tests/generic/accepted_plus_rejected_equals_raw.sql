{% test accepted_plus_rejected_equals_raw(model) %}
{#- Holds for a table like input_reconciliation: every raw row is either accepted or rejected, none is lost and none
    is counted twice. -#}
select
    input,
    raw_rows,
    accepted_rows,
    rejected_rows
from {{ model }}
where accepted_rows + rejected_rows <> raw_rows
{% endtest %}
