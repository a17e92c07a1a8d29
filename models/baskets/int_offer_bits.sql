-- One row per as-of date, segment and offer that could be the best of its item: its bit, the same if it is a rule, and
-- the better offers of the segment: rules about the same item, and what over-indexes.
with offers as (

    select
        as_of_date,
        segment_id,
        item,
        offer_number,
        reason = 'rule' as is_rule
    from {{ ref("int_segment_offers") }}

),

final as (

    select
        offers.as_of_date,
        offers.segment_id,
        offers.offer_number,
        count(*) filter (
            where rivals.offer_number < offers.offer_number and not rivals.is_rule
        ) as better_items,
        {{ offer_bits("offer", "rivals.offer_number", "rivals.offer_number = offers.offer_number") | indent(8) }},
        {{ offer_bits(
            "rule", "rivals.offer_number", "rivals.offer_number = offers.offer_number and rivals.is_rule"
        ) | indent(8) }},
        {{ offer_bits(
            "better_rules", "rivals.offer_number",
            "rivals.offer_number < offers.offer_number and rivals.is_rule and rivals.item = offers.item"
        ) | indent(8) }},
        {{ offer_bits(
            "better_items", "rivals.offer_number",
            "rivals.offer_number < offers.offer_number and not rivals.is_rule"
        ) | indent(8) }}
    from offers
    inner join offers as rivals
        on offers.as_of_date = rivals.as_of_date and offers.segment_id = rivals.segment_id
    group by offers.as_of_date, offers.segment_id, offers.offer_number
    -- What over-indexes is offered to all who do not have it, so that a lesser reason for the item never counts.
    having not bool_or(rivals.item = offers.item and rivals.offer_number < offers.offer_number and not rivals.is_rule)

)

select * from final
