{#- What kind of values a column of this data type holds, whatever the engine calls it: text, integer, number
    (decimal), float, single (a float of 32 bits or fewer), boolean, date, timestamp, interval, nested, binary or other,
    which has one text and is nothing else (a UUID, a time of day). JSON is nested: the text of a value in it has quotes. -#}
{% macro type_family(data_type) -%}
    {%- set name = (data_type | string | lower | trim) -%}
    {%- if name.endswith(']') or name.startswith(('struct', 'map', 'array', 'list', 'union', 'variant', 'json')) -%}
        {{ return('nested') }}
    {%- elif name.startswith(('varchar', 'char', 'text', 'string', 'enum', 'bpchar')) -%}
        {{ return('text') }}
    {%- elif name.startswith(('timestamp', 'datetime')) -%}
        {{ return('timestamp') }}
    {%- elif name == 'date' -%}
        {{ return('date') }}
    {%- elif name.startswith('bool') -%}
        {{ return('boolean') }}
    {%- elif name.startswith(('decimal', 'numeric')) -%}
        {{ return('number') }}
    {%- elif name in ['float', 'real'] -%}
        {{ return('single') }}
    {%- elif name.startswith(('double', 'float')) -%}
        {{ return('float') }}
    {%- elif name.startswith('interval') -%}
        {{ return('interval') }}
    {%- elif name.startswith(('bigint', 'int', 'hugeint', 'smallint', 'tinyint', 'long', 'short', 'byte',
                              'ubigint', 'uint', 'uhugeint', 'usmallint', 'utinyint')) -%}
        {{ return('integer') }}
    {%- elif name.startswith(('blob', 'binary', 'bytea', 'bit')) -%}
        {{ return('binary') }}
    {%- else -%}
        {{ return('other') }}
    {%- endif -%}
{%- endmacro %}
