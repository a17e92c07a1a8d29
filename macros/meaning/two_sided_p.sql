{#-
  The two-sided p-value of a standard normal z, as erfc(|z| / sqrt 2) by the Chebyshev fit of Press et al. (2007),
  Numerical Recipes, section 6.2, whose relative error is below 1.2e-7 for every z. Capped at 1.
-#}
{% macro two_sided_p(z) -%}
    {%- set x = "(abs(" ~ z ~ ") / sqrt(2.0))" -%}
    {%- set t = "(1 / (1 + 0.5 * " ~ x ~ "))" -%}
    {%- set coefficients = [
        "0.17087277", "-0.82215223", "1.48851587", "-1.13520398", "0.27886807", "-0.18628806", "0.09678418",
        "0.37409196", "1.00002368",
    ] -%}
    {%- set fit = namespace(sum=coefficients[0]) -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set fit.sum = coefficient ~ " + " ~ t ~ " * (" ~ fit.sum ~ ")" -%}
    {%- endfor -%}
    {#- `least` passes over a null on some engines, and would make 1 of it. #}
    case when {{ z }} is not null then least({{ t }} * exp(-{{ x }} * {{ x }} - 1.26551223 + {{ t }} * ({{ fit.sum }})), 1) end
{%- endmacro %}
