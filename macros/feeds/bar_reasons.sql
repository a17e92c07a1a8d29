{#- Why an identifier must not leave for a platform, the gravest first. -#}
{% macro bar_reasons() -%}
    {{- return([
        "erased under another account", "refused under another account", "on the suppression list",
        "held out under another account",
    ]) -}}
{%- endmacro %}
