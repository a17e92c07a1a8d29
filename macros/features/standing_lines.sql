{#- The lines of orders that were not cancelled, of the customers that the run works on. -#}
{% macro standing_lines() -%}
    select lines.*
    from {{ ref("int_order_lines") }} as lines
    inner join {{ ref("int_orders") }} as orders on lines.order_id = orders.order_id
    where
        orders.cancelled_on is null
        and {{ changed_only("lines.customer_id") }}
        and {{ changed_only("orders.customer_id") }}
{%- endmacro %}
