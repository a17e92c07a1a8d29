{#- What an order of a customer is expected to be worth: the mean of all and the customer's own, weighted by orders (Fader
    and Hardie 2013, equation 5). Without prior_orders there is a mean for all, and the customer's own tells nothing. -#}
{% macro expected_order_value(purchases, p) -%}
    case
        when {{ purchases }}.repeat_orders = 0 or {{ p }}.prior_orders is null then {{ p }}.mean_value
        else (
            {{ p }}.prior_orders * {{ p }}.mean_value
            + {{ purchases }}.repeat_orders * greatest(coalesce({{ purchases }}.mean_order_value, 0), 0)
        ) / ({{ p }}.prior_orders + {{ purchases }}.repeat_orders)
    end
{%- endmacro %}
