{#- A floating number as text, written alike on every engine: the shortest digits that give it back, with an exponent
    below 0.0001 and from 10^16 on. -#}
{% macro double_as_text(value) -%}
    {{ return(adapter.dispatch('double_as_text')(value)) }}
{%- endmacro %}

{% macro default__double_as_text(value) -%}
    cast({{ value }} as string)
{%- endmacro %}

{#- Java begins with exponents below 0.001 and at 10^7, and writes 1.0E16 for 1e+16. -#}
{% macro spark__double_as_text(value) -%}
    {%- set text = 'cast(' ~ value ~ ' as string)' -%}
    {%- set exponent = "cast(split_part(" ~ text ~ ", 'E', 2) as int)" -%}
    case
        when {{ text }} not like '%E%' then {{ text }}
        when {{ exponent }} between -4 and 15
            then regexp_replace(
                cast(cast({{ text }} as decimal(38, 21)) as string), '([.][0-9]|[.][0-9]*[1-9])0*$', '$1'
            )
        else concat(
            regexp_replace(split_part({{ text }}, 'E', 1), '[.]0$', ''),
            case when {{ exponent }} < 0 then 'e-' else 'e+' end,
            case when abs({{ exponent }}) < 10 then '0' else '' end,
            cast(abs({{ exponent }}) as string)
        )
    end
{%- endmacro %}
