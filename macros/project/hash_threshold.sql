{#- Hexadecimal digits below which that share of all hashes lies, for a share between 0 and 1 as the engine works it out.
    The digits of a hash are evenly spread. -#}
{% macro hash_threshold(share) -%}
    lower(lpad(hex(cast(floor(least({{ share }}, 1) * 4294967295) as bigint)), 8, '0'))
{%- endmacro %}
