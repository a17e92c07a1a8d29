{#- Whether a customer belongs to the hold-out group of a segmentation, the same at every run. The digits of a hash are
    evenly spread, so those below the share, written as hexadecimal digits, are that share of all.
    drawn_as: the id of the account that is drawn. -#}
{% macro is_held_out(segmentation, drawn_as) -%}
    md5(concat('{{ var("random_seed") }}:', {{ segmentation }}, ':', {{ drawn_as }}))
    < '{{ "%08x" | format((var("audiences")["holdout_share"] * 4294967295) | int) }}'
{%- endmacro %}
