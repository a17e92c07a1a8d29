-- depends_on: {{ ref('resolved_configuration') }}
{%- set problem = check_input('order_items') %}
{%- if problem %}{% do stop(problem) %}{% endif %}
{{ raw_rows('order_items') }}
