{#- The from-clause of an input: its seed or model, its relation in the warehouse, or its files. -#}
{% macro input_source(input) -%}
    {%- set setting = input_setting(input) -%}
    {%- if setting.get('ref') -%}
        {{ return(ref(setting.ref) | string) }}
    {%- elif setting.get('relation') -%}
        {{ return(setting.relation | string) }}
    {%- else -%}
        {{ return(read_files(setting.get('path', '') | string, setting)) }}
    {%- endif -%}
{%- endmacro %}
