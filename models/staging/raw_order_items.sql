-- depends_on: {{ ref('resolved_configuration') }}
{%- if is_building() %}{% do check_input('order_items') %}{% endif %}
{{ raw_rows('order_items') }}
