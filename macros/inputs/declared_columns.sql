{#- Written by `make schema` from segmentation.config.inputs, where columns are added: by input, the name,
    type and role of each column. -#}
{% macro declared_columns() -%}
    {{ return({
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
            ('updated_at', 'timestamp', 'optional'),
            ('loaded_at', 'timestamp', 'optional'),
            ('deleted_at', 'timestamp', 'optional'),
            ('arrival_number', 'integer', 'optional'),
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
            ('updated_at', 'timestamp', 'optional'),
            ('loaded_at', 'timestamp', 'optional'),
            ('deleted_at', 'timestamp', 'optional'),
            ('arrival_number', 'integer', 'optional'),
        ],
        'order_items': [
            ('order_id', 'string', 'key'),
            ('line_number', 'string', 'key'),
            ('product_id', 'string', 'optional'),
            ('quantity', 'decimal(18, 7)', 'required'),
            ('unit_price', 'decimal(18, 7)', 'required'),
            ('discount_amount', 'decimal', 'optional'),
            ('updated_at', 'timestamp', 'optional'),
            ('loaded_at', 'timestamp', 'optional'),
            ('deleted_at', 'timestamp', 'optional'),
            ('arrival_number', 'integer', 'optional'),
        ],
        'products': [
            ('product_id', 'string', 'key'),
            ('product_name', 'string', 'optional'),
            ('category', 'string', 'optional'),
            ('unit_cost', 'decimal(18, 7)', 'optional'),
            ('updated_at', 'timestamp', 'optional'),
            ('loaded_at', 'timestamp', 'optional'),
            ('deleted_at', 'timestamp', 'optional'),
            ('arrival_number', 'integer', 'optional'),
        ],
    }) }}
{%- endmacro %}


{#- The columns that every input may have, by which versions of a row are told apart. -#}
{% macro bookkeeping_columns() -%}
    {{ return(['updated_at', 'loaded_at', 'deleted_at', 'arrival_number']) }}
{%- endmacro %}
