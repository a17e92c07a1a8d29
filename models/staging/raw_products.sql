-- depends_on: {{ ref('resolved_configuration') }}
{%- if is_building() %}{% do check_input('products') %}{% endif %}
{{ raw_rows('products') }}
