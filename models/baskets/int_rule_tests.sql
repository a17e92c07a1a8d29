-- One row per as-of date, segment (0: all), antecedent of one or two items and consequent of one item: the four counts,
-- and how far antecedent and consequent go together beyond chance.
-- depends_on: {{ ref("learning_scope") }}
with items as (

    select * from {{ ref("int_frequent_items") }}

),

pairs as (

    select * from {{ ref("int_frequent_pairs") }}

),

triples as (

    select * from {{ ref("int_frequent_triples") }}

),

sizes as (

    select * from {{ ref("int_basket_sizes") }}

),

directions as (

    {%- for antecedent, consequent in [(1, 2), (2, 1)] %}
    select
        as_of_date,
        segment_id,
        item_{{ antecedent }} as antecedent_1,
        cast(null as integer) as antecedent_2,
        item_{{ consequent }} as consequent,
        orders
    from pairs
    union all
    {%- endfor %}
    {%- for first, second, consequent in [(1, 2, 3), (1, 3, 2), (2, 3, 1)] %}
    select
        as_of_date,
        segment_id,
        item_{{ first }} as antecedent_1,
        item_{{ second }} as antecedent_2,
        item_{{ consequent }} as consequent,
        orders
    from triples
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        directions.*,
        case
            when directions.antecedent_2 is null then antecedents.orders
            else antecedent_pairs.orders
        end as antecedent_orders,
        consequents.orders as consequent_orders,
        sizes.orders as all_orders
    from directions
    inner join sizes
        on directions.as_of_date = sizes.as_of_date and directions.segment_id = sizes.segment_id
    inner join items as antecedents
        on
            directions.as_of_date = antecedents.as_of_date
            and directions.segment_id = antecedents.segment_id
            and directions.antecedent_1 = antecedents.item_1
    inner join items as consequents
        on
            directions.as_of_date = consequents.as_of_date
            and directions.segment_id = consequents.segment_id
            and directions.consequent = consequents.item_1
    left join pairs as antecedent_pairs
        on
            directions.as_of_date = antecedent_pairs.as_of_date
            and directions.segment_id = antecedent_pairs.segment_id
            and directions.antecedent_1 = antecedent_pairs.item_1
            and directions.antecedent_2 = antecedent_pairs.item_2

),

final as (

    select
        *,
        {{ association_z("orders", "antecedent_orders", "consequent_orders", "all_orders") | indent(8) }} as z
    from counted

)

select * from final
