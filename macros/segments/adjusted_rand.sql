{#-
  The adjusted Rand index of two partitions (Hubert and Arabie, 1985, equation 5), from their contingency table.
  Each argument is a sum of n * (n - 1) / 2: over the cells, the rows, the columns, and for all customers. Two
  partitions of which each has one part, or none has two alike, agree.
-#}
{% macro adjusted_rand(cells, before, after, all) -%}
    case
        when ({{ before }} + {{ after }}) / 2 = {{ before }} * {{ after }} / nullif({{ all }}, 0) then cast(1 as double)
        else
            ({{ cells }} - {{ before }} * {{ after }} / nullif({{ all }}, 0))
            / nullif(({{ before }} + {{ after }}) / 2 - {{ before }} * {{ after }} / nullif({{ all }}, 0), 0)
    end
{%- endmacro %}
