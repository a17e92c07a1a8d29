{#- The probability that a customer with repeat orders has not stopped: Fader, Hardie and Lee (2008), equation 6, and its
    limits, in which one `rate` or one probability to `stop` stands for two parameters. A power beyond the range of floating
    point makes nobody more dead. -#}
{% macro probability_alive(purchases, p) -%}
    {%- set alive = "coalesce(" ~ p ~ ".b + " ~ purchases ~ ".repeat_orders - 1, 1 - " ~ p ~ ".stop)" -%}
    {{ alive }} / ({{ alive }} + coalesce({{ p }}.a, {{ p }}.stop) * exp(least(600, coalesce(
        ({{ p }}.r + {{ purchases }}.repeat_orders)
        * ln(({{ p }}.alpha + {{ purchases }}.age_days) / ({{ p }}.alpha + {{ purchases }}.days_to_last_order)),
        {{ p }}.rate * ({{ purchases }}.age_days - {{ purchases }}.days_to_last_order)
    ))))
{%- endmacro %}
