{#-
  How far two events occur together beyond chance, in standard deviations: the signed root of the likelihood ratio
  statistic G² of the table of both, either and none (Dunning 1993, Computational Linguistics 19(1), 61-74), with half a
  case taken off the joint count (Yates). The plain chi-square overstates what is rare. Zero where nothing can be told,
  and where the two occur together no more often than by chance. Six decimals.

  both, first, second, total: columns or expressions with the four counts.
-#}
{% macro association_z(both, first, second, total) -%}
    {%- set n = "cast(" ~ total ~ " as double)" -%}
    {%- set a = "cast(" ~ first ~ " as double)" -%}
    {%- set b = "cast(" ~ second ~ " as double)" -%}
    {%- set joint = "(cast(" ~ both ~ " as double) - 0.5)" -%}
    case
        when {{ first }} <= 0 or {{ second }} <= 0 or {{ first }} >= {{ total }} or {{ second }} >= {{ total }} then 0
        when {{ joint }} * {{ n }} <= {{ a }} * {{ b }} then 0
        else round(sqrt(2 * greatest(
            {%- for observed, row, column in [
                (joint, a, b),
                ("(" ~ a ~ " - " ~ joint ~ ")", a, "(" ~ n ~ " - " ~ b ~ ")"),
                ("(" ~ b ~ " - " ~ joint ~ ")", "(" ~ n ~ " - " ~ a ~ ")", b),
                ("(" ~ n ~ " - " ~ a ~ " - " ~ b ~ " + " ~ joint ~ ")",
                    "(" ~ n ~ " - " ~ a ~ ")", "(" ~ n ~ " - " ~ b ~ ")"),
            ] %}
            {{ "+ " if not loop.first }}case
                when {{ observed }} > 0
                    then {{ observed }} * ln({{ observed }} * {{ n }} / ({{ row }} * {{ column }}))
                else 0
            end
            {%- endfor %}, 0)), 6)
    end
{%- endmacro %}
