-- depends_on: {{ ref('resolved_configuration') }}
{{ resolved_repeats('customers') }}
