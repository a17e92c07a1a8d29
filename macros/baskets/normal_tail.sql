{#-
  The probability that a standard normal number exceeds z, for z of at least zero: half of erfc(z / sqrt 2), which no
  two engines offer alike, by the Chebyshev fit of Press et al. (Numerical Recipes in C, 2nd ed., 6.2, erfcc). Its
  relative error is below 1.2e-7 everywhere, also far out, where thresholds for many tests lie.
-#}
{% macro normal_tail(z) -%}
    {%- set t = "(1 / (1 + 0.5 * (" ~ z ~ ") / sqrt(cast(2 as double))))" -%}
    0.5 * {{ t }} * exp(
        -(({{ z }}) * ({{ z }})) / 2 - 1.26551223 + {{ t }} * (1.00002368 + {{ t }} * (0.37409196 + {{ t }} * (
            0.09678418 + {{ t }} * (-0.18628806 + {{ t }} * (0.27886807 + {{ t }} * (-1.13520398 + {{ t }} * (
                1.48851587 + {{ t }} * (-0.82215223 + {{ t }} * 0.17087277)
            ))))
        )))
    )
{%- endmacro %}
