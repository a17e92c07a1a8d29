{#- Whether `vars.inputs` names a source for this input. -#}
{% macro input_is_mapped(input) -%}
    {{- return(var("inputs").get(input) is not none) -}}
{%- endmacro %}
