{#- What so many cost at a price: exact, and then rounded once. Most have four decimals and are no millions: then the
    product fits in 64 bits, which is worth asking for. -#}
{% macro line_amount(quantity, price) -%}
    {%- set amount = sql_type('decimal') -%}
    case
        when abs({{ quantity }}) >= 100000 or abs({{ price }}) >= 100000 then cast({{ wide_product(quantity, price) }} as {{ amount }})
        when
            cast(cast({{ quantity }} as {{ amount }}) as decimal(18, 7)) = {{ quantity }}
            and cast(cast({{ price }} as {{ amount }}) as decimal(18, 7)) = {{ price }}
            then cast(cast({{ quantity }} as {{ amount }}) * cast({{ price }} as {{ amount }}) as {{ amount }})
        else cast({{ wide_product(quantity, price) }} as {{ amount }})
    end
{%- endmacro %}


{#- The product with all its digits: 37 of DuckDB, to which Spark adds one. -#}
{% macro wide_product(quantity, price) -%}
    cast({{ quantity }} as decimal(19, 7)) * {{ price }}
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
