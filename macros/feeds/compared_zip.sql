{#- A postal code by which accounts are compared, whatever country they say: its letters and digits, and of the nine digits
    of a long American code the first five. -#}
{% macro compared_zip(postal_code) -%}
    {%- set plain = without_characters("lower(" ~ postal_code ~ ")", punctuation() ~ " ") -%}
    {{ filled(
        "case when " ~ regexp_like(plain, "^[0-9]{9}$") ~ " then substr(" ~ plain ~ ", 1, 5) else " ~ plain ~ " end"
    ) }}
{%- endmacro %}
