{#- Why an item is offered, in words. -#}
{% macro offer_reason() -%}
    case
        when reason = 'over_index' then 'over-indexes in the segment'
        when antecedent_item_2 = '' then concat('follows from ', antecedent_item_1)
        else concat('follows from ', antecedent_item_1, ' and ', antecedent_item_2)
    end
{%- endmacro %}
