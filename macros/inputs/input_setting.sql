{#- What vars.inputs says about one input: a mapping, empty for an absent input and for a malformed one (which
    check_inputs reports). -#}
{% macro input_setting(input) -%}
    {%- set inputs = var('inputs') -%}
    {%- set setting = inputs.get(input) if inputs is mapping else none -%}
    {{ return(setting if setting is mapping else {}) }}
{%- endmacro %}
