{#- The md5 of several columns' values, in which a null, an empty text and a separator cannot be taken for each
    other. -#}
{% macro values_fingerprint(names) -%}
    md5(concat(
        {%- for name in names %}
        coalesce(concat('=', replace(cast({{ name }} as string), '|', '||')), '-'), '|'{{ ',' if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}
