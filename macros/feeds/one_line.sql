{#- A text of staging in one line: what staging leaves in the midst of plain letters, tabs and line ends, is one space, and
    so are several spaces. -#}
{% macro one_line(text) -%}
    case
        when {{ regexp_like(text, "[\t-\r]|  ") }} then trim({{ regexp_replace_all(text, "[\t-\r ]+", " ") }})
        else {{ text }}
    end
{%- endmacro %}
