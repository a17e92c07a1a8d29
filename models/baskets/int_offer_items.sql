-- One row per as-of date, segment and item: the segment's offers of the item, and those that follow from it, as bits. A
-- rule applies to whoever bought its first and its second antecedent; a single one is both.
with offers as (

    select * from {{ ref("int_segment_offers") }}

),

roles as (

    {%- for role, column in [
        ("offered", "item"),
        ("first", "antecedent_item_1"),
        ("second", "case when antecedent_item_2 = '' then antecedent_item_1 else antecedent_item_2 end"),
    ] %}
    select
        as_of_date,
        segment_id,
        {{ column }} as item,
        '{{ role }}' as item_role,
        offer_number
    from offers
    {%- if role != "offered" %}
    where reason = 'rule'
    {%- endif %}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

final as (

    select
        as_of_date,
        segment_id,
        item,
        {{ offer_bits("offered", "offer_number", "item_role = 'offered'") | indent(8) }},
        {{ offer_bits("first_of", "offer_number", "item_role = 'first'") | indent(8) }},
        {{ offer_bits("second_of", "offer_number", "item_role = 'second'") | indent(8) }}
    from roles
    group by as_of_date, segment_id, item

)

select * from final
