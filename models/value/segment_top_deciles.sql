-- One row per segmentation and segment: what the tenth of its customers that spent most has brought. It is sought by
-- whole amounts first, and exactly where the tenth ends: nobody else is sorted.
{%- set labels = label_columns() %}
with customers as (

    select
        labels.{{ labels | join(", labels.") }},
        worth.monetary,
        cast(floor(worth.monetary) as bigint) as whole_amount
    from {{ ref("customer_labels") }} as labels
    inner join {{ ref("int_customer_worth") }} as worth on labels.customer_id = worth.customer_id

),

whole_amounts as (

    select
        {{ labels | join(", ") }},
        whole_amount,
        count(*) as customers,
        sum(monetary) as revenue
    from customers
    group by {{ labels | join(", ") }}, whole_amount

),

amounts_of_segments as (

    {{ by_segmentation(
        "whole_amounts", {"whole_amount": "bigint", "customers": "bigint", "revenue": "decimal(38, 4)"}
    ) | indent(4) }}

),

spent as (

    select
        segmentation,
        segment_id,
        whole_amount,
        sum(customers) as customers,
        sum(revenue) as revenue
    from amounts_of_segments
    group by segmentation, segment_id, whole_amount

),

ordered as (

    select
        segmentation,
        segment_id,
        whole_amount,
        customers,
        sum(customers) over (partition by segmentation, segment_id) as segment_customers,
        (sum(customers) over from_above) - customers as customers_above,
        (sum(revenue) over from_above) - revenue as revenue_above
    from spent
    window from_above as (
        partition by segmentation, segment_id order by whole_amount desc rows unbounded preceding
    )

),

-- The tenth is rounded up: a customer belongs to it whose place, times ten, is at most nine more than there are.
borders as (

    select *
    from ordered
    where
        10 * (customers_above + 1) <= segment_customers + 9
        and 10 * (customers_above + customers + 1) > segment_customers + 9

),

members as (

    {{ by_segmentation("customers", {"whole_amount": "bigint", "monetary": "decimal(18, 4)"}) | indent(4) }}

),

at_borders as (

    select
        borders.*,
        members.monetary,
        borders.customers_above + row_number() over (
            partition by borders.segmentation, borders.segment_id order by members.monetary desc
        ) as spending_rank
    from members
    inner join borders
        on
            members.segmentation = borders.segmentation
            and members.segment_id = borders.segment_id
            and members.whole_amount = borders.whole_amount

),

final as (

    select
        segmentation,
        segment_id,
        cast(
            max(revenue_above)
            + {{ money_sum("case when 10 * spending_rank <= segment_customers + 9 then monetary end") }}
            as decimal(18, 4)
        ) as revenue
    from at_borders
    group by segmentation, segment_id

)

select * from final
