{#- A name of a column as SQL, whatever letters it has. -#}
{% macro quoted_name(name) -%}
    {{ return(adapter.dispatch('quoted_name', 'customer_segmentation')(name)) }}
{%- endmacro %}

{% macro default__quoted_name(name) -%}
    {{ return('"' ~ (name | string | replace('"', '""')) ~ '"') }}
{%- endmacro %}

{% macro spark__quoted_name(name) -%}
    {{ return('`' ~ (name | string | replace('`', '``')) ~ '`') }}
{%- endmacro %}
