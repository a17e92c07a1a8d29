{#- The relation behind `ref` or `relation` as the warehouse knows it now; none where it is not there. -#}
{% macro input_relation(input) -%}
    {%- set setting = input_setting(input) -%}
    {%- if setting.get('ref') -%}
        {%- set wanted = ref(setting.ref) -%}
        {{ return(adapter.get_relation(wanted.database, wanted.schema, wanted.identifier)) }}
    {%- endif -%}
    {%- set parts = (setting.relation | string).split('.') -%}
    {{ return(adapter.get_relation(
        parts[-3] if parts | length > 2 else target.database,
        parts[-2] if parts | length > 1 else target.schema,
        parts[-1]
    )) }}
{%- endmacro %}
