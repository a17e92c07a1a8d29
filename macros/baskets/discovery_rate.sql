{#-
  The false discovery rate at which a test would just count (Benjamini & Hochberg 1995): the least p·m/rank of this and
  all larger p. Tests that are not in the table count as many as `tests` says, with p = 1.

  Read from the largest p on: a frame that ends with the partition is worked out anew for every row on Spark.

  p, tests: columns.  partition: columns that separate families of tests.  A column test_rank ranks the smallest p first.
-#}
{% macro discovery_rate(p, tests, partition) -%}
    least(1.0, min({{ p }} * {{ tests }} / test_rank) over (
        partition by {{ partition }}
        order by test_rank desc rows between unbounded preceding and current row
    ))
{%- endmacro %}
