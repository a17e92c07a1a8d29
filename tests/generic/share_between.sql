{#-
  Every share lies between bounds. `lowest` and `highest` are numbers, or expressions over the columns of the model;
  where a bound is null there is none.
-#}
{% test share_between(model, column_name, lowest=0, highest=1) %}

select *
from {{ model }}
where
    {{ column_name }} < {{ lowest }}
    or {{ column_name }} > {{ highest }}

{% endtest %}
