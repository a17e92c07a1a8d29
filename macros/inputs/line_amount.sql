{#- What so many cost at a price: exact, and then rounded once. -#}
{% macro line_amount(quantity, price) -%}
    cast({{ quantity }} * {{ price }} as {{ sql_type('decimal') }})
{%- endmacro %}


{#- The discount of a line, positive where it lowers what is paid. That of a return is what was not paid for the goods,
    and sources write it with either sign. -#}
{% macro line_discount() -%}
    {%- set sign = '-' if input_setting('order_items').get('discounts') == 'negative' -%}
    case
        when quantity < 0 then abs(coalesce(discount_amount, 0))
        else {{ sign }}coalesce(discount_amount, 0)
    end
{%- endmacro %}
