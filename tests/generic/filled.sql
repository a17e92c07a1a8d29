{% test filled(model, columns) %}
{#- Holds where none of these columns is null in any row. One test for all of them reads the table once; the columns of
    a unique_key are covered by that test.
    columns: a list of column names. -#}
select *
from {{ model }}
where {% for column in columns %}{{ column }} is null{{ " or " if not loop.last }}{% endfor %}
{% endtest %}
