{#- 'a', 'b': a list of strings as SQL literals. Of no strings a null, which nothing equals, so that `in` stays valid. -#}
{% macro quoted_list(values) -%}
    {%- for value in values -%}
        {{ string_literal(value) }}{{ ", " if not loop.last }}
    {%- else -%}
        null
    {%- endfor -%}
{%- endmacro %}
