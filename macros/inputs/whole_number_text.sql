{#- A decimal or floating number as text, a whole one without its fraction, however many digits it has: an id column with
    gaps often arrives as 17850.0, and not-a-number then stands for a gap. -#}
{% macro whole_number_text(value, family) -%}
    case
        {%- if family == 'float' %}
        when isnan({{ value }}) then null
        {%- endif %}
        when {{ value }} = round({{ value }}) and abs({{ value }}) < 1e18
            then cast(cast({{ value }} as bigint) as string)
        {%- if family == 'number' %}
        when {{ value }} = round({{ value }}) then {{ regexp_replace_all(value_as_text(value, family), '[.]0+$', '') }}
        {%- endif %}
        else {{ value_as_text(value, family) }}
    end
{%- endmacro %}
