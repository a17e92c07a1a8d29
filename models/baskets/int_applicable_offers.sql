-- One row per as-of date, customer and item that applies to the customer and is new to the customer: what over-indexes
-- in the segment, or follows from what the customer bought; of several reasons the best. A customer's best offers are
-- among them, not every offer: none that is preceded by as many over-indexed ones as could be needed.
{%- set most = [var("offers")["per_customer"], 10] | max %}
with customers as (

    select * from {{ ref("int_offer_customers") }}

),

customer_items as (

    select * from {{ ref("int_known_items") }}

),

items as (

    select * from {{ ref("int_offer_items") }}

),

offers as (

    select * from {{ ref("int_offer_bits") }}

),

known as (

    select
        {%- for block in offer_blocks() %}
        bit_or(items.offered_{{ block }}) as offered_{{ block }},
        bit_or(items.first_of_{{ block }}) filter (where customer_items.is_bought) as first_of_{{ block }},
        bit_or(items.second_of_{{ block }}) filter (where customer_items.is_bought) as second_of_{{ block }},
        {%- endfor %}
        customer_items.as_of_date,
        customer_items.customer_id
    from customer_items
    inner join items
        on
            customer_items.as_of_date = items.as_of_date
            and customer_items.segment_id = items.segment_id
            and customer_items.item = items.item
    group by customer_items.as_of_date, customer_items.customer_id

),

-- As bits: the offers of items that the customer had, and the rules that follow from what the customer bought.
informed as (

    select
        customers.as_of_date,
        customers.is_current,
        customers.segment_id,
        customers.customer_id,
        {%- for block in offer_blocks() %}
        coalesce(known.offered_{{ block }}, 0) as known_{{ block }},
        coalesce(known.first_of_{{ block }} & known.second_of_{{ block }}, 0) as following_{{ block }},
        {%- endfor %}
        {{ bits_set("coalesce(known.offered_{}, 0)") | indent(8) }} as known_offers
    from customers
    left join known on customers.as_of_date = known.as_of_date and customers.customer_id = known.customer_id

),

final as (

    select
        informed.as_of_date,
        informed.is_current,
        informed.segment_id,
        informed.customer_id,
        offers.offer_number
    from informed
    inner join offers
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
        {{ bits_set("offers.better_items_{0} & ~informed.known_{0}") | indent(8) }} < {{ most }}

)

select * from final
