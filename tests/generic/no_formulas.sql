{% test no_formulas(model, columns, phone_columns=[]) %}
{#- Holds where no text begins with a character by which a spreadsheet takes it for a formula; a phone number may begin with
    a plus.
    columns: a list of column names; phone_columns: those of them that hold phone numbers. -#}
select *
from {{ model }}
where
    {%- for column in columns %}
    substr({{ column }}, 1, 1) in ('=', '@', '-'{{ ", '+'" if column not in phone_columns }}){{ " or" if not loop.last }}
    {%- endfor %}
{% endtest %}
