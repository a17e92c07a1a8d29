{#-
  Sizes of segments one period later: everybody moves with the probabilities of `flows`, and as many enter as entered in
  a period on average. A step of a Markov chain.

  sizes: CTE with segmentation, base_number, segment_id and customers.  flows: CTE like int_segment_flows.
-#}
{% macro moved_on(sizes, flows) -%}
    select
        segmentation,
        base_number,
        segment_id,
        -- Far more digits than are kept in the end: of a tie, one engine rounds the double, another its decimal digits.
        {{ exact_sum("customers", digits=9) }} as customers
    from (
        select
            flows.segmentation,
            flows.base_number,
            flows.to_segment_id as segment_id,
            sizes.customers * flows.probability as customers
        from {{ sizes }} as sizes
        inner join {{ flows }} as flows
            on
                sizes.segmentation = flows.segmentation
                and sizes.base_number = flows.base_number
                and sizes.segment_id = flows.from_segment_id
        where flows.to_segment_id <> 0

        union all

        select
            segmentation,
            base_number,
            to_segment_id as segment_id,
            customers_per_period as customers
        from {{ flows }}
        where from_segment_id = 0 and to_segment_id <> 0
    ) as arriving
    group by segmentation, base_number, segment_id
{%- endmacro %}
