{#- A text whose letters are composed (NFC): a letter and the mark on it are one character. -#}
{% macro composed(text) -%}
    {{ return(adapter.dispatch("composed", "customer_segmentation")(text)) }}
{%- endmacro %}

{% macro duckdb__composed(text) -%}
    nfc_normalize({{ text }})
{%- endmacro %}

{#- Spark has no function for it: letter by letter a text grows, and a mark joins the letter before it. -#}
{% macro default__composed(text) -%}
    {%- set pairs = [] -%}
    {%- for mark, letters in composed_letters().items() -%}
        {%- for letter in letters[0] -%}
            {%- do pairs.append(letter ~ mark ~ ":" ~ letters[1][loop.index0]) -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        when {{ regexp_like(text, "[\u0300-\u036f]") }}
            then aggregate(
                split({{ text }}, ''),
                '',
                (done, letter) -> concat(
                    left(done, length(done) - 1),
                    coalesce(
                        str_to_map('{{ pairs | join(",") }}')[concat(right(done, 1), letter)],
                        concat(right(done, 1), letter)
                    )
                )
            )
        else {{ text }}
    end
{%- endmacro %}
