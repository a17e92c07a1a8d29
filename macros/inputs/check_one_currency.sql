{#- A sentence where accepted orders are in more than one currency, whose amounts cannot be added; else empty. -#}
{% macro check_one_currency() -%}
    {%- set query -%}
        select
            {#- A code is told; anything else in the column may be anybody's. #}
            case when {{ regexp_like('currency', '^[A-Z][A-Z][A-Z]$') }} then currency else {{ shape_of('currency') }} end
                as currency_told,
            count(*) as orders
        from ({{ accepted_rows('orders', ['currency']) }}) as accepted
        where currency is not null
        group by currency
        order by orders desc, currency
    {%- endset -%}
    {%- if is_building() and has_input('orders') -%}
        {%- set found = [] -%}
        {%- for row in run_query(query).rows -%}
            {%- do found.append(row[0] ~ ' (' ~ row[1] ~ ' orders)') -%}
        {%- endfor -%}
        {%- if found | length > 1 -%}
            {{ return("Input orders, column currency: expected one currency, found " ~ found[:10] | join(', ')
                ~ ". Amounts of different currencies cannot be added. Convert them: set vars.inputs.order_items."
                ~ "columns.unit_price and discount_amount (or vars.inputs.orders.columns.order_amount) to expressions "
                ~ "that give one currency, and vars.inputs.orders.columns.currency to its code, such as \"'EUR'\".") }}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
