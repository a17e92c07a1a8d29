{#- A condition: whether what is built now has passed the publication gate. `dbt run` tests nothing, so nothing of it is
    past the gate. A retry goes on with a build that may have passed the gate; any other build must have passed it
    itself, or it would keep what an earlier one refused.
    gate: a relation or CTE of publication_gate. -#}
{% macro is_past_gate(gate) -%}
    {{- {"run": "false", "retry": "true"}.get(flags.WHICH, gate ~ ".invocation_id = '" ~ invocation_id ~ "'") -}}
{%- endmacro %}
