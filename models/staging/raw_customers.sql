-- depends_on: {{ ref('resolved_configuration') }}
{%- set problem = check_input('customers') %}
{%- if problem %}{% do stop(problem) %}{% endif %}
{{ raw_rows('customers') }}
