{#- The rules that leave rows out on request: deleted at the source, or later than an as-of date in the past. Such rows
    are no fault of the input, so its reject share does not count them, nor what depends on them. -#}
{% macro set_aside_rules() -%}
    {{ return(['deleted', 'after_as_of_date']) }}
{%- endmacro %}
