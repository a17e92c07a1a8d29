{#- The engine's type for one of the types that inputs and attributes are declared in; a decimal may say its digits. -#}
{% macro sql_type(name) -%}
    {%- set types = {
        'string': 'string', 'date': 'date', 'timestamp': 'timestamp', 'boolean': 'boolean',
        'double': 'double', 'integer': 'bigint', 'decimal': 'decimal(18, 4)'
    } -%}
    {{ return(name if name.startswith('decimal(') else types.get(name)) }}
{%- endmacro %}
