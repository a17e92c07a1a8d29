{#-
  Counts per segment, and for all customers together as segment 0, of which those that reach the segment's floor are
  kept.

  counts: CTE with as_of_date, segment_id, the item numbers and `orders`.  items: the names of the item numbers.
-#}
{% macro counted_in_segments(counts, items) -%}
    select
        totals.as_of_date,
        totals.segment_id,
        {%- for item in items %}
        totals.{{ item }},
        {%- endfor %}
        totals.orders
    from (
        select
            as_of_date,
            segment_id,
            {{ items | join(", ") }},
            orders
        from {{ counts }}
        where segment_id > 0

        union all

        select
            as_of_date,
            0 as segment_id,
            {{ items | join(", ") }},
            cast(sum(orders) as bigint) as orders
        from {{ counts }}
        group by as_of_date, {{ items | join(", ") }}
    ) as totals
    inner join {{ ref("int_basket_sizes") }} as sizes
        on totals.as_of_date = sizes.as_of_date and totals.segment_id = sizes.segment_id
    where totals.orders >= sizes.min_orders
{%- endmacro %}
