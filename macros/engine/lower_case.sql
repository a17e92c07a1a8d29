{#- A text in lower case, the same on every engine. Two letters are an engine's own matter and are settled here: the capital
    I with a dot keeps its dot, and a sigma is the final one where it ends a word, as Unicode has it for capitals. -#}
{% macro lower_case(text) -%}
    {%- set lower = "replace(lower(replace(" ~ text ~ ", '\u0130', 'i\u0307')), 'ς', 'σ')" -%}
    case
        when not {{ has_wide_characters(text) }} then lower({{ text }})
        when {{ text }} like '%σ%' or {{ text }} like '%ς%' or {{ text }} like '%Σ%'
            then {{ regexp_replace_all(lower, "([\\p{L}\\p{M}])σ(['’.\\p{M}]*)($|[^'’.\\p{M}\\p{L}])", "\\1ς\\2\\3") }}
        else {{ lower }}
    end
{%- endmacro %}


{#- A text in upper case. The letter that becomes two is an engine's own matter. -#}
{% macro upper_case(text) -%}
    upper(replace({{ text }}, 'ß', 'ss'))
{%- endmacro %}
