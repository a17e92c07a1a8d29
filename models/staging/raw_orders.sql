-- depends_on: {{ ref('resolved_configuration') }}
{%- if is_building() %}{% do check_input('orders') %}{% endif %}
{{ raw_rows('orders') }}
