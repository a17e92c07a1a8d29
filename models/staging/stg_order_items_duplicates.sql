-- depends_on: {{ ref('resolved_configuration') }}
{{ resolved_repeats('order_items') }}
