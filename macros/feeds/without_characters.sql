{#- A text without any of some characters. -#}
{% macro without_characters(text, characters) -%}
    translate({{ text }}, {{ string_literal(characters) }}, '')
{%- endmacro %}


{#- The characters that platforms do not want in names and places. -#}
{% macro punctuation() -%}
    {{- return("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~´’‘“”„–—·•¿¡") -}}
{%- endmacro %}
