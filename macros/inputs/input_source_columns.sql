{#- The columns that an input's source has now: a list of {name, type}; none where the source is not there (yet). -#}
{% macro input_source_columns(input) -%}
    {%- set setting = input_setting(input) -%}
    {%- if not execute -%}
        {{ return(none) }}
    {%- elif setting.get('path') -%}
        {%- if not file_listing(setting.path) -%}{{ return(none) }}{%- endif -%}
    {%- elif not input_relation(input) -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(describe_query('select * from ' ~ input_source(input))) }}
{%- endmacro %}
