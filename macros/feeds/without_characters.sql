{#- A text without any of some characters. -#}
{% macro without_characters(text, characters) -%}
    translate({{ text }}, {{ string_literal(characters) }}, '')
{%- endmacro %}


{#- The characters that platforms do not want in names and places. -#}
{% macro punctuation() -%}
    {{- return("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~´’‘“”„–—·•¿¡") -}}
{%- endmacro %}


{#- A name in lower case without blanks and punctuation. -#}
{% macro plain_name(text) -%}
    {{ filled(without_characters(text, punctuation() ~ " ")) }}
{%- endmacro %}


{#- A name without punctuation. -#}
{% macro without_punctuation(name) -%}
    {{ filled("trim(" ~ without_characters(name, punctuation()) ~ ")") }}
{%- endmacro %}
