{#- What kind of values a column of this data type holds, whatever the engine calls it: text, integer, number
    (decimal), float, boolean, date, timestamp, nested, binary or other. -#}
{% macro type_family(data_type) -%}
    {%- set name = (data_type | string | lower | trim) -%}
    {%- if name.endswith(']') or name.startswith(('struct', 'map', 'array', 'list', 'union', 'variant')) -%}
        {{ return('nested') }}
    {%- elif name.startswith(('varchar', 'char', 'text', 'string', 'enum', 'uuid', 'bpchar', 'json')) -%}
        {{ return('text') }}
    {%- elif name.startswith(('timestamp', 'datetime')) -%}
        {{ return('timestamp') }}
    {%- elif name == 'date' -%}
        {{ return('date') }}
    {%- elif name.startswith('bool') -%}
        {{ return('boolean') }}
    {%- elif name.startswith(('decimal', 'numeric')) -%}
        {{ return('number') }}
    {%- elif name.startswith(('double', 'float', 'real')) -%}
        {{ return('float') }}
    {%- elif name.startswith('interval') -%}
        {{ return('other') }}
    {%- elif name.startswith(('bigint', 'int', 'hugeint', 'smallint', 'tinyint', 'long', 'short', 'byte',
                              'ubigint', 'uint', 'uhugeint', 'usmallint', 'utinyint')) -%}
        {{ return('integer') }}
    {%- elif name.startswith(('blob', 'binary', 'bytea', 'bit')) -%}
        {{ return('binary') }}
    {%- else -%}
        {{ return('other') }}
    {%- endif -%}
{%- endmacro %}
