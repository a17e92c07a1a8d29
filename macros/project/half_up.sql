{#- A floating number in units of 10^-digits, rounded to a whole one, halves away from zero. Near a half, as at 2.54125,
    one engine's round and cast see the binary number and another's the digits that are shown: products and floor are the
    same everywhere. -#}
{% macro half_up(x, digits) -%}
    sign({{ x }}) * floor(abs({{ x }}) * {{ 10 ** digits }} + 0.5)
{%- endmacro %}
