{#- One row per customer and offer of the segment that the customer gets, ranked: what over-indexes in the segment, or
    follows from what the customer bought, of items that the customer never had; of several reasons the best.
    customers: as_of_date, segment_id, customer_id. customer_items: as_of_date, segment_id, customer_id, item, is_bought.
    most: how many a customer gets. What an offer says stands in int_segment_offers. -#}
{% macro best_offers(customers, customer_items, most) -%}
    {#- As bits: the offers of items that the customer had, and the rules that follow from what the customer bought. -#}
    select
        as_of_date,
        segment_id,
        customer_id,
        offer_number,
        cast(offer_rank as integer) as recommendation_rank
    from (
        select
            informed.as_of_date,
            informed.segment_id,
            informed.customer_id,
            offers.offer_number,
            row_number() over (
                partition by informed.as_of_date, informed.segment_id, informed.customer_id order by offers.offer_number
            ) as offer_rank
        from (
            select
                customers.as_of_date,
                customers.segment_id,
                customers.customer_id,
                {%- for block in offer_blocks() %}
                coalesce(known.offered_{{ block }}, 0) as known_{{ block }},
                coalesce(known.first_of_{{ block }} & known.second_of_{{ block }}, 0) as following_{{ block }},
                {%- endfor %}
                {{ bits_set("coalesce(known.offered_{}, 0)") | indent(16) }} as known_offers
            from {{ customers }} as customers
            left join (
                select
                    {%- for block in offer_blocks() %}
                    bit_or(items.offered_{{ block }}) as offered_{{ block }},
                    bit_or(items.first_of_{{ block }}) filter (where customer_items.is_bought) as first_of_{{ block }},
                    bit_or(items.second_of_{{ block }}) filter (where customer_items.is_bought) as second_of_{{ block }},
                    {%- endfor %}
                    customer_items.as_of_date,
                    customer_items.customer_id
                from {{ customer_items }} as customer_items
                inner join {{ ref("int_offer_items") }} as items
                    on
                        customer_items.as_of_date = items.as_of_date
                        and customer_items.segment_id = items.segment_id
                        and customer_items.item = items.item
                group by customer_items.as_of_date, customer_items.customer_id
            ) as known on customers.as_of_date = known.as_of_date and customers.customer_id = known.customer_id
        ) as informed
        inner join {{ ref("int_offer_bits") }} as offers
            on
                informed.as_of_date = offers.as_of_date
                and informed.segment_id = offers.segment_id
                -- Follows from the last condition, and tells most of them at less cost.
                and offers.better_items < {{ most }} + informed.known_offers
        where
            {% for block in offer_blocks() -%}
            (informed.known_{{ block }} & offers.offer_{{ block }}) = 0
            and (informed.following_{{ block }} & offers.rule_{{ block }}) = offers.rule_{{ block }}
            and (informed.following_{{ block }} & offers.better_rules_{{ block }}) = 0
            and {% endfor -%}
            -- None that is preceded by as many over-indexed ones as could be needed.
            {{ bits_set("offers.better_items_{0} & ~informed.known_{0}") | indent(12) }} < {{ most }}
    ) as ranked
    -- A limit that is the same for everybody lets an engine keep the best while it reads, and sort nothing.
    where offer_rank <= {{ most }}
{%- endmacro %}
