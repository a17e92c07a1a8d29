{#- Sentences about vars.attributes where it is no mapping of new column names to types. -#}
{% macro check_attribute_settings() -%}
    {%- set problems = [] -%}
    {%- set attributes = var('attributes') or {} -%}
    {%- set types = ['double', 'integer', 'string', 'boolean', 'date'] -%}
    {%- if attributes is not mapping -%}
        {{ return(["vars.attributes must map columns of customers to types, such as {balance: double}; it is: "
            ~ attributes]) }}
    {%- endif -%}
    {%- for name, type in attributes.items() -%}
        {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', name | string) -%}
            {%- do problems.append("vars.attributes: the name " ~ name ~ " must be lower-case letters, digits and underscores, "
                ~ "beginning with a letter.") -%}
        {%- elif type | string | lower not in types -%}
            {%- do problems.append("vars.attributes." ~ name ~ ": there is no type " ~ type ~ ". Types are " ~ types | join(', ')
                ~ ".") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set names = input_columns('customers') | map(attribute='name') | list -%}
    {%- for name in attributes if names.count(name) > 1 -%}
        {%- do problems.append("vars.attributes." ~ name ~ ": customers has a column of this name already. Choose another name, "
            ~ "and set vars.inputs.customers.columns.<name> to the source's column.") -%}
    {%- endfor -%}
    {{ return(problems) }}
{%- endmacro %}
