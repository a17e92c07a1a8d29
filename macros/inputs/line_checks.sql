{#- What can be wrong with the amount and the discount of an order line, as a list of checks (see input_checks). A line
    with a discount that cannot be is set aside: one of them would otherwise make the discounts of a customer more than
    everything the customer bought. -#}
{% macro line_checks() -%}
    {%- set is_negative = input_setting('order_items').get('discounts') == 'negative' -%}
    {%- set setting = 'vars.inputs.order_items.discounts' -%}
    {%- set hint = ', but ' ~ setting ~ ' says that discounts are negative' if is_negative
        else ', which raises the price; where a source writes discounts as negative numbers, set ' ~ setting
        ~ ': negative' -%}
    {{ return([
        {
            'rule': 'amount_too_large',
            'condition': is_beyond_any_order('quantity', 'unit_price'),
            'reason': "concat('unit_price is ', " ~ amount_text('unit_price') ~ ", ' at a quantity of ', "
                ~ amount_text('quantity') ~ ", ', beyond any order')"
        },
        {
            'rule': 'discount_of_wrong_sign',
            'condition': 'quantity >= 0 and discount_amount ' ~ ('>' if is_negative else '<') ~ ' 0',
            'reason': "concat('discount_amount is ', " ~ amount_text('discount_amount') ~ ", "
                ~ string_literal(hint) ~ ")"
        },
        {
            'rule': 'discount_above_amount',
            'condition': 'abs(discount_amount) > abs(' ~ line_amount('quantity', 'unit_price') ~ ')',
            'reason': "concat('discount_amount is ', " ~ amount_text('discount_amount') ~ ", ', and the line comes to ', "
                ~ amount_text(line_amount('quantity', 'unit_price')) ~ ")"
        },
    ]) }}
{%- endmacro %}


{#- Whether so many at a price come to more than any order does. -#}
{% macro is_beyond_any_order(quantity, price) -%}
    case
        when abs({{ quantity }}) >= 100000 or abs({{ price }}) >= 100000
            then abs({{ wide_product(quantity, price) }}) >= {{ largest_amount() }}
        else false
    end
{%- endmacro %}


{#- From here on an amount is a slip of the pen, in any currency: a hundred of them are more than sums of money hold. -#}
{% macro largest_amount() -%}
    {{ return('1000000000000') }}
{%- endmacro %}


{#- A number for a reason, with four decimals on every engine. -#}
{% macro amount_text(number) -%}
    {{ return('cast(cast(' ~ number ~ ' as ' ~ sql_type('decimal') ~ ') as string)') }}
{%- endmacro %}


{#- The checks that no number was rounded to another one: a small price may be all beyond the seventh decimal. -#}
{% macro precision_checks() -%}
    {%- set checks = [] -%}
    {%- for name in ['quantity', 'unit_price'] -%}
        {%- do checks.append({
            'rule': 'number_too_fine',
            'condition': 'case when abs(' ~ name ~ ') < 0.01 then abs(try_cast(raw_' ~ name ~ ' as double) - ' ~ name
                ~ ') > 0.00001 * abs(' ~ name ~ ') else false end',
            'reason': "concat('" ~ name ~ " has more than seven decimals: ', " ~ in_quotes(shortened('raw_' ~ name))
                ~ ", '; give quantities and prices of a larger unit')"
        }) -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}
