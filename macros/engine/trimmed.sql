{#- A text without the spaces around it; null where nothing is left. DuckDB decodes every character to find out, which is
    spared where the first and the last byte tell: keys are trimmed several times in every run. -#}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed')(text)) }}
{%- endmacro %}

{% macro default__trimmed(text) -%}
    nullif(trim({{ text }}), '')
{%- endmacro %}

{% macro duckdb__trimmed(text) -%}
    case
        when
            {{ text }} like ' %' or {{ text }} like '% ' or {{ text }} = '' or strlen({{ text }}) <> length({{ text }})
            then {{ default__trimmed(text) }}
        else {{ text }}
    end
{%- endmacro %}
