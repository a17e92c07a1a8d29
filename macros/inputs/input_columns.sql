{#- The columns that an input has in this configuration: a list of {name, type, role, shown}. role is that of the macro
    declared_columns, or attribute (must be mapped, may be empty). shown is what a message may tell of a value: `key` (an id,
    unless it looks like somebody's address), `value` (an amount, a number or a moment, which says nothing about anybody) or
    `shape`. A text may hold anything, whatever its column is called, and what customers are like is personal too. See
    line_amount for amounts. Customers also carry the var `attributes`. -#}
{% macro input_columns(input) -%}
    {%- set ids = ['customer_id', 'order_id', 'line_number', 'product_id'] -%}
    {%- set columns = [] -%}
    {%- for name, type, role in declared_columns()[input] -%}
        {%- set shown = 'key' if name in ids else 'value' if type in ['timestamp', 'integer'] or type.startswith('decimal')
            else 'shape' -%}
        {%- do columns.append({'name': name, 'type': type, 'role': role, 'shown': shown}) -%}
    {%- endfor -%}
    {%- if input == 'customers' -%}
        {%- for name, type in declared_attributes().items() -%}
            {%- do columns.append({'name': name, 'type': type, 'role': 'attribute', 'shown': 'shape'}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}
