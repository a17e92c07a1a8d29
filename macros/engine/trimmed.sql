{#- A text in the project's one spelling; null where nothing is left. Every blank (tab, line end, no-break space) is a
    space, none stands at either end, characters without width are gone, and letters are composed (NFC): what nobody can
    tell apart is one key and one hash.
    To write a text anew is dear and seldom needed: whether it is, the first and the last byte tell, and whether all
    characters are ASCII. Keys are trimmed several times in every run. -#}
{% macro trimmed(text) -%}
    case
        when
            {{ text }} < '!' or {{ text }} like '% ' or {{ has_wide_characters(text) }}
            {%- for code in [9, 10, 13] %}
            or {{ text }} like concat('%', chr({{ code }}))
            {%- endfor %}
            then {{ clean_text(text) }}
        else {{ text }}
    end
{%- endmacro %}


{#- The same of a text that may hold a tab or a line end in its midst: for identifiers that are hashed. -#}
{% macro clean_text(text) -%}
    {%- set blanks = "\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000" -%}
    {%- set invisible = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff" -%}
    {%- set seen -%}
        translate(
            {{ text }},
            concat(chr(9), chr(10), chr(11), chr(12), chr(13), '{{ blanks ~ invisible }}'),
            '{{ " " * (5 + blanks | length) }}'
        )
    {%- endset -%}
    nullif(trim({{ composed(seen) }}), '')
{%- endmacro %}


{#- Whether a text has a character that is not ASCII. -#}
{% macro has_wide_characters(text) -%}
    {{ return(adapter.dispatch("has_wide_characters", "customer_segmentation")(text)) }}
{%- endmacro %}

{% macro duckdb__has_wide_characters(text) -%}
    strlen({{ text }}) <> length({{ text }})
{%- endmacro %}

{% macro default__has_wide_characters(text) -%}
    octet_length({{ text }}) <> char_length({{ text }})
{%- endmacro %}
