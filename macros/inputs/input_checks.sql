{#- What can be wrong with a row of an input, in the order in which it is judged: a list of {rule, condition, reason},
    condition and reason being SQL over typed_rows joined to what the model looks up (is_unknown_customer and the
    like). The first condition that holds rejects the row. Duplicates are judged after all of these. -#}
{% macro input_checks(input) -%}
    {%- set columns = input_columns(input) -%}
    {%- set families = raw_families(input) -%}
    {%- set checks = [] -%}

    {%- for column in columns if column.role == 'key' -%}
        {%- do checks.append({
            'rule': 'missing_key',
            'condition': column.name ~ ' is null',
            'reason': string_literal(column.name ~ ' is empty')
        }) -%}
    {%- endfor -%}
    {%- do checks.append({
        'rule': 'deleted',
        'condition': 'deleted_at is not null',
        'reason': string_literal('deleted at source')
    }) -%}
    {#- Whoever sends this meant to delete. It is judged before all else, so that no other fault hides it. -#}
    {%- for check in unparsable_checks(columns | selectattr('name', 'equalto', 'deleted_at'), families, ['timestamp']) -%}
        {%- do checks.append(dict(check, rule='unparsable_deletion')) -%}
    {%- endfor -%}

    {%- do checks.extend(unparsable_checks(columns, families, ['decimal', 'double', 'integer'])) -%}
    {%- do checks.extend(unparsable_checks(columns, families, ['boolean'])) -%}
    {%- do checks.extend(unparsable_checks(columns | rejectattr('name', 'equalto', 'deleted_at'), families, ['date', 'timestamp'])) -%}
    {%- do checks.extend(date_range_checks(input)) -%}
    {%- do checks.extend(test_account_checks(input)) -%}

    {%- if input == 'orders' -%}
        {%- do checks.append({
            'rule': 'amount_too_large',
            'condition': 'abs(order_amount) >= ' ~ largest_amount(),
            'reason': "concat('order_amount is ', " ~ amount_text('order_amount') ~ ", ', beyond any order')"
        }) -%}
        {%- do checks.append({
            'rule': 'missing_customer',
            'condition': 'customer_id is null',
            'reason': string_literal('customer_id is empty')
        }) -%}
        {%- do checks.append({
            'rule': 'unknown_customer',
            'condition': 'is_unknown_customer',
            'reason': "concat('no customer has the customer_id ', " ~ shown_value(input, 'customer_id') ~ ")"
        }) -%}
        {%- for rule in set_aside_rules() -%}
            {%- do checks.append({
                'rule': rule,
                'condition': "is_rejected_customer and set_aside_rule = '" ~ rule ~ "'",
                'reason': "concat('the customer was set aside: customer_id ', " ~ shown_value(input, 'customer_id') ~ ")"
            }) -%}
        {%- endfor -%}
        {%- do checks.append({
            'rule': 'rejected_customer',
            'condition': 'is_rejected_customer',
            'reason': "concat('the customer was rejected: customer_id ', " ~ shown_value(input, 'customer_id') ~ ")"
        }) -%}
    {%- elif input == 'order_items' -%}
        {%- do checks.extend(precision_checks()) -%}
        {%- do checks.append({
            'rule': 'price_not_positive',
            'condition': '((unit_price <= 0 and quantity >= 0) or (unit_price < 0 and quantity < 0))',
            'reason': "concat('unit_price is ', " ~ amount_text('unit_price')
                ~ ", ' at a quantity of ', " ~ amount_text('quantity') ~ ")"
        }) -%}
        {%- do checks.extend(line_checks()) -%}
        {%- for pattern in var('non_product_codes') or [] -%}
            {%- do checks.append({
                'rule': 'non_product_code',
                'condition': regexp_like(upper_case('product_id'), pattern),
                'reason': "concat('product_id is no product: ', " ~ shown_value(input, 'product_id') ~ ")"
            }) -%}
        {%- endfor -%}
        {%- do checks.append({
            'rule': 'unknown_order',
            'condition': 'is_unknown_order',
            'reason': "concat('no order has the order_id ', " ~ shown_value(input, 'order_id') ~ ")"
        }) -%}
        {%- for rule in set_aside_rules() -%}
            {%- do checks.append({
                'rule': rule,
                'condition': "is_rejected_order and set_aside_rule = '" ~ rule ~ "'",
                'reason': "concat('the order was set aside: order_id ', " ~ shown_value(input, 'order_id') ~ ")"
            }) -%}
        {%- endfor -%}
        {%- do checks.append({
            'rule': 'rejected_order',
            'condition': 'is_rejected_order',
            'reason': "concat('the order was rejected: order_id ', " ~ shown_value(input, 'order_id') ~ ")"
        }) -%}
    {%- endif -%}
    {{ return(checks) }}
{%- endmacro %}
