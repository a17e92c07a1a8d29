{#-
  The digits of a phone number with its country code, without + and leading zeros; null where it has none or is no
  phone number. E.164 allows 15 digits; fewer than 7 are an extension or a short code.
  `+49 (0)30 12` and `0049 30 12` carry their code; a number without one is read by the variable
  audiences.calling_code, where that is set.
-#}
{% macro phone_number(phone) -%}
    {%- set code = var("audiences")["calling_code"] -%}
    {%- set text = "trim(replace({}, '(0)', ''))".format(phone) -%}
    {%- set digits = digits_of(text) -%}
    {%- set number -%}
        case
            when {{ regexp_like(text, "[^0-9+(). /-]") }} then null
            when {{ text }} like '+%' or {{ text }} like '00%' then trim(leading '0' from {{ digits }})
            {%- if code %}
            else concat('{{ code }}', trim(leading '0' from {{ digits }}))
            {%- endif %}
        end
    {%- endset -%}
    case when length({{ number }}) between 7 and 15 then {{ number }} end
{%- endmacro %}


{#- Why a text gives no phone number; null where it gives one. -#}
{% macro phone_problem(phone) -%}
    case
        when {{ filled("trim(" ~ phone ~ ")") }} is null then 'missing'
        when {{ phone_number(phone) }} is not null then null
        when
            {{ regexp_like("trim(" ~ phone ~ ")", "[^0-9+(). /-]") }}
            or length({{ digits_of(phone) }}) not between 7 and 15
            then 'not a phone number'
        else 'no country code'
    end
{%- endmacro %}
