{#- A sentence where models would stay in force that were fitted to revenue, and there is none any more; else empty. What
    revenue is made of was taken out of the variables then, and to such a model everybody would be of the lowest value. -#}
{% macro check_revenue_is_there() -%}
    {%- set features = ["monetary", "average_order_value", "revenue_last_90_days", "revenue_trend_90_days"] -%}
    {%- set fitted -%}
        select distinct segmentation
        from {{ ref("standing_parameters") }}
        where
            kind = 'bin_edge'
            and feature in ({{ quoted_list(features) }})
            and value_double <> 0
            and (select count(*) from {{ ref("current_features") }} where has_purchased) > 0
            and (select count(*) from {{ ref("current_features") }} where has_purchased and monetary <> 0) = 0
        order by segmentation
    {%- endset -%}
    {%- set amounts = "select count(order_amount) from " ~ ref("stg_orders") -%}
    {%- if not is_building() -%}
        {{ return("") }}
    {%- endif -%}
    {%- set kept = [] -%}
    {%- for row in run_query(fitted).rows -%}
        {%- set setting = var("segmentations")[row[0]] -%}
        {%- set policy = setting.get("refit") or var("segmentation_defaults").get("refit") -%}
        {#- Nothing keeps other cut points out. New clusters may be refused, and the old ones stay then. -#}
        {%- if setting.method != "rfm" or not (var("refit") or policy == "always") -%}
            {%- do kept.append(row[0]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not kept -%}
        {{ return("") }}
    {%- endif -%}
    {%- set gone = [] -%}
    {%- if run_query(amounts).rows[0][0] | int == 0 -%}
        {%- do gone.append("no order has an order_amount (vars.inputs.orders.columns.order_amount)") -%}
    {%- endif -%}
    {%- do gone.append(
        "no line has a price (vars.inputs.order_items.columns.unit_price)" if has_input("order_items")
        else "vars.inputs.order_items is not set"
    ) -%}
    {{ return(
        "The revenue of every customer is 0, and the models of " ~ kept | join(", ") ~ " were fitted to revenue: "
        ~ gone | join(", and ") ~ ". Expected what revenue was made of when they were fitted. Put it back into vars.inputs. "
        ~ "To go on without revenue, take its features out of segmentations that cluster, and fit rfm anew (refit: true, or "
        ~ "make build REFIT=1)."
    ) }}
{%- endmacro %}
