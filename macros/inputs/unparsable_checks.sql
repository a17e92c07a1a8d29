{#- The checks that no value was lost by casting it, for the columns of some declared types, that no amount is beyond its
    type, and that no required one is empty. A column that arrives in the type it is declared in needs none. -#}
{% macro unparsable_checks(columns, families, types) -%}
    {%- set rules = {
        'decimal': ('unparsable_number', 'a number'),
        'double': ('unparsable_number', 'a number'),
        'integer': ('unparsable_number', 'a whole number'),
        'boolean': ('unparsable_boolean', 'true or false'),
        'date': ('unparsable_date', 'a date'),
        'timestamp': ('unparsable_date', 'a date'),
    } -%}
    {%- set checks = [] -%}
    {%- for column in columns if column.type.split('(')[0] in types -%}
        {%- set rule, expected = rules[column.type.split('(')[0]] -%}
        {%- set family = families[column.name] -%}
        {%- set raw = 'raw_' ~ column.name -%}
        {%- set is_safe = (column.type == 'boolean' and family == 'boolean')
            or (column.type in ['date', 'timestamp'] and family in ['date', 'timestamp'])
            or (column.type == 'double' and family == 'integer') -%}
        {%- set filled = "nullif(trim(" ~ raw ~ "), '') is not null" if family == 'text'
            else raw ~ ' is not null and not isnan(' ~ raw ~ ')' if family in ['float', 'single']
            else raw ~ ' is not null' -%}
        {%- if column.type.startswith('decimal') -%}
            {%- set number = text_to_number("nullif(trim(" ~ raw ~ "), '')", 'double') if family == 'text'
                else 'try_cast(' ~ raw ~ ' as double)' -%}
            {#- A finite number that the type does not hold; all others are no numbers. -#}
            {%- do checks.append({
                'rule': 'amount_too_large',
                'condition': 'case when ' ~ column.name ~ ' is null then abs(' ~ number
                    ~ ') between 1e10 and 1.7976931348623157e308 else false end',
                'reason': "concat(" ~ string_literal(column.name ~ ' is larger than an amount may be, of the form ')
                    ~ ", " ~ shown_shape(value_as_text(raw, family)) ~ ")"
            }) -%}
        {%- endif -%}
        {%- if not is_safe -%}
            {%- do checks.append({
                'rule': rule,
                'condition': column.name ~ ' is null and ' ~ filled,
                'reason': "concat(" ~ string_literal(column.name ~ ' is not ' ~ expected
                    ~ ', but of the form ') ~ ", " ~ shown_shape(value_as_text(raw, family)) ~ ")"
            }) -%}
        {%- endif -%}
        {%- if column.role == 'required' -%}
            {%- do checks.append({
                'rule': rule,
                'condition': column.name ~ ' is null',
                'reason': string_literal(column.name ~ ' is empty')
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}
