-- depends_on: {{ ref('resolved_configuration') }}
{%- set problem = check_input('orders') %}
{%- if problem %}{% do stop(problem) %}{% endif %}
{{ raw_rows('orders') }}
