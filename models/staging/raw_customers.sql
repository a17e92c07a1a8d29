-- depends_on: {{ ref('resolved_configuration') }}
{%- set problem = check_input('customers') %}
{%- if problem %}{{ exceptions.raise_compiler_error(problem) }}{% endif %}
{{ raw_rows('customers') }}
