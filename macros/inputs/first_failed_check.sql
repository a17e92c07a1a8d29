{#- The number of the first check that rejects a row; null for a row that is in order. A number, because it is computed
    for every row; its rule and its reason are spelt out for the rejected alone. -#}
{% macro first_failed_check(input) -%}
    case
    {%- for check in input_checks(input) %}
        when {{ check.condition }} then {{ loop.index }}
    {%- endfor %}
    end
{%- endmacro %}
