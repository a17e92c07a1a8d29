{#- The probability that a customer with repeat orders has not stopped: Fader, Hardie and Lee (2008), equation 6. A power
    beyond the range of floating point makes nobody more dead. -#}
{% macro probability_alive(purchases, p) -%}
    1 / (1 + {{ p }}.a / ({{ p }}.b + {{ purchases }}.repeat_orders - 1) * exp(least(600,
        ({{ p }}.r + {{ purchases }}.repeat_orders)
        * ln(({{ p }}.alpha + {{ purchases }}.age_days) / ({{ p }}.alpha + {{ purchases }}.days_to_last_order))
    )))
{%- endmacro %}
