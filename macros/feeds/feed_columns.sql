{#- The columns that identify a member to a platform, as {name: type}: hashed, but for what Google takes plain. -#}
{% macro feed_columns() -%}
    {%- set names = ["email", "phone", "first_name", "last_name", "city", "state", "zip", "country"] -%}
    {%- set columns = {} -%}
    {%- for name in names -%}
        {%- do columns.update({name ~ "_identifier": "string"}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro %}
