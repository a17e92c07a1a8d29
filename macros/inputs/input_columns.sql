{#- The one place that says which columns each input has: a list of {name, type, role, shown}. role is key (part of what
    identifies a row), required (must be mapped and filled), attribute (must be mapped, may be empty) or optional (a
    typed null where absent). shown is what a message may tell of a value: `key` (an id, unless it looks like somebody's
    address), `value` (an amount or a moment, which says nothing about anybody) or `shape`. A text may hold anything,
    whatever its column is called, and what customers are like is personal too.
    An amount has four decimals. What amounts are made of, a quantity and a price or cost of one, has seven, and still fits
    in 64 bits: wider numbers cost DuckDB twenty times as much. See line_amount.
    Every input ends with the columns of corrections and erasure; customers also carries the var `attributes`. -#}
{% macro input_columns(input) -%}
    {%- set declared = {
        'customers': [
            ('customer_id', 'string', 'key'),
            ('birth_date', 'date', 'optional'),
            ('gender', 'string', 'optional'),
            ('country', 'string', 'optional'),
            ('region', 'string', 'optional'),
            ('city', 'string', 'optional'),
            ('postal_code', 'string', 'optional'),
            ('signup_at', 'timestamp', 'optional'),
            ('acquisition_channel', 'string', 'optional'),
            ('email', 'string', 'optional'),
            ('phone', 'string', 'optional'),
            ('first_name', 'string', 'optional'),
            ('last_name', 'string', 'optional'),
            ('marketing_consent', 'boolean', 'optional'),
        ],
        'orders': [
            ('order_id', 'string', 'key'),
            ('customer_id', 'string', 'required'),
            ('ordered_at', 'timestamp', 'required'),
            ('order_amount', 'decimal', 'optional'),
            ('status', 'string', 'optional'),
            ('cancelled_at', 'timestamp', 'optional'),
            ('channel', 'string', 'optional'),
            ('currency', 'string', 'optional'),
        ],
        'order_items': [
            ('order_id', 'string', 'key'),
            ('line_number', 'string', 'key'),
            ('product_id', 'string', 'optional'),
            ('quantity', 'decimal(18, 7)', 'required'),
            ('unit_price', 'decimal(18, 7)', 'required'),
            ('discount_amount', 'decimal', 'optional'),
        ],
        'products': [
            ('product_id', 'string', 'key'),
            ('product_name', 'string', 'optional'),
            ('category', 'string', 'optional'),
            ('unit_cost', 'decimal(18, 7)', 'optional'),
        ],
    } -%}
    {%- set ids = ['customer_id', 'order_id', 'line_number', 'product_id'] -%}
    {%- set columns = [] -%}
    {%- for name, type, role in declared[input] -%}
        {%- set shown = 'key' if name in ids else 'value' if type == 'timestamp' or type.startswith('decimal')
            else 'shape' -%}
        {%- do columns.append({'name': name, 'type': type, 'role': role, 'shown': shown}) -%}
    {%- endfor -%}
    {%- for name in bookkeeping_columns() -%}
        {%- set type = 'integer' if name == 'arrival_number' else 'timestamp' -%}
        {%- do columns.append({'name': name, 'type': type, 'role': 'optional', 'shown': 'value'}) -%}
    {%- endfor -%}
    {%- if input == 'customers' -%}
        {%- for name, type in declared_attributes().items() -%}
            {%- do columns.append({'name': name, 'type': type, 'role': 'attribute', 'shown': 'shape'}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}
