{#- Text to a UTC timestamp without zone; null where it is none. What a moment may look like is decided here, by regular
    expressions that every engine reads alike, because each engine casts forms that the other does not. The table under
    `inputs` in docs/configuration.md says the same in words.
    as_written: the day that is written, whatever the offset: a birthday is no moment. -#}
{% macro text_to_timestamp(text, as_written=false) -%}
    {%- set midnight = regexp_replace_all(text, '[Tt ]24', ' 00') -%}
    case
        when {{ regexp_like(text, plain_moment()) }}
            then try_cast({{ text }} as {{ sql_type('timestamp') }})
        when {{ regexp_like(text, any_moment('([01][0-9]|2[0-3])', '[0-5][0-9]', '[0-9]+')) }}
            then {{ spelt_moment(text, as_written) }}
        when {{ regexp_like(text, any_moment('24', '00', '0+')) }}
            then {{ spelt_moment(midnight, as_written) }} + interval 1 day
    end
{%- endmacro %}


{#- The forms that every engine casts to the same moment. Nearly all text has one of them, and is not written anew. -#}
{% macro plain_moment() -%}
    {%- set time = '([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?Z?)?' -%}
    {{ return('^[1-9][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}([T ]' ~ time ~ ')?\\z') }}
{%- endmacro %}


{#- All forms of a moment, with the given hours, minutes (and seconds), and digits of a second's fraction. -#}
{% macro any_moment(hour, minute, fraction) -%}
    {%- set day = '[1-9][0-9]{3}(-[0-9]{1,2}-[0-9]{1,2}|/[0-9]{1,2}/[0-9]{1,2}|[0-9]{4})' -%}
    {%- set second = minute ~ '([.,]' ~ fraction ~ ')?' -%}
    {%- set parted = '([Tt]| +)(' ~ hour ~ '|[0-9]):' ~ minute ~ '(:' ~ second ~ ')?' -%}
    {%- set together = '[Tt]' ~ hour ~ minute ~ '(' ~ second ~ ')?' -%}
    {%- set zone = '( *([Zz]|UTC|GMT|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?))?' -%}
    {{ return('^' ~ day ~ '((' ~ parted ~ '|' ~ together ~ ')' ~ zone ~ '|([Tt]| +)' ~ hour ~ ')?\\z') }}
{%- endmacro %}


{#- A moment of any form, as a timestamp. It is first written anew, with all its parts and `@` before the offset; a part
    that was left out shows as two signs side by side. -#}
{% macro spelt_moment(text, as_written) -%}
    {%- set day = '^([0-9]{4})[-/]?([0-9]{1,2})[-/]?([0-9]{1,2})' -%}
    {%- set time = '[Tt ] *([0-9]{1,2}):?([0-9]{2})?:?([0-9]{2})?(?:[.,]([0-9]{1,6})[0-9]*)?' -%}
    {%- set zone = ' *[A-Za-z]*(?:([+-][0-9]{2}):?([0-9]{2})?)?' -%}
    {%- set spelt = [regexp_replace_all(
        text, day ~ '(?:' ~ time ~ zone ~ ')?$', '\\1-\\2-\\3 \\4:\\5:\\6.\\7' ~ ('' if as_written else '@\\8:\\9') ~ ';'
    )] -%}
    {%- for signs, filled in [
        (' :', ' 00:'), ('::', ':00:'), (':.', ':00.'), ('.@', '.0@'), ('.;', '.0;'),
        ('@:', '@+00:'), (':;', ':00;'), ('@', ''), (';', ''),
    ] -%}
        {%- do spelt.append("replace(" ~ spelt[-1] ~ ", '" ~ signs ~ "', '" ~ filled ~ "')") -%}
    {%- endfor -%}
    {{ 'try_cast(' ~ spelt[-1] ~ ' as ' ~ sql_type('timestamp') ~ ')' if as_written else offset_to_utc(spelt[-1]) }}
{%- endmacro %}
