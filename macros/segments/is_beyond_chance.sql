{#-
  Whether a standard normal z is beyond what chance gives anywhere among a number of comparisons, at a level of 5 percent
  for all of them together (Bonferroni). The tail of the normal distribution is bounded by exp(-z * z / 2), so no table
  of it is needed, and the answer errs towards chance.
-#}
{% macro is_beyond_chance(z, comparisons) -%}
    coalesce({{ z }} * {{ z }} >= 2 * ln({{ comparisons }} / 0.05), false)
{%- endmacro %}


{#-
  z of the difference between the mean of a segment and that of all others (Welch), from counts, sums and sums of
  squares of the segment and of all.
-#}
{% macro mean_difference_z(own, all) -%}
    {%- set n = own ~ ".customers" -%}
    {%- set m = "({}.customers - {}.customers)".format(all, own) -%}
    {%- set own_mean = "({}.total / nullif({}, 0))".format(own, n) -%}
    {%- set rest_mean = "(({}.total - {}.total) / nullif({}, 0))".format(all, own, m) -%}
    ({{ own_mean }} - {{ rest_mean }}) / nullif(sqrt(
        greatest({{ own }}.squares / nullif({{ n }}, 0) - {{ own_mean }} * {{ own_mean }}, 0) / nullif({{ n }}, 0)
        + greatest(
            ({{ all }}.squares - {{ own }}.squares) / nullif({{ m }}, 0) - {{ rest_mean }} * {{ rest_mean }}, 0
        ) / nullif({{ m }}, 0)
    ), 0)
{%- endmacro %}
