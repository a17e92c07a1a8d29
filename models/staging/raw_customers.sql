-- depends_on: {{ ref('resolved_configuration') }}
{%- if is_building() %}{% do check_input('customers') %}{% endif %}
{{ raw_rows('customers') }}
