{#- The checks of the var `test_accounts`: {column of customers: regular expression on its value in lower case}. Where
    there is no customers input, orders are judged by their customer_id; otherwise the customer has been judged. -#}
{% macro test_account_checks(input) -%}
    {%- set patterns = var('test_accounts') or {} -%}
    {%- if input == 'customers' -%}
        {%- set names = input_columns(input) | map(attribute='name') | list -%}
    {%- else -%}
        {%- set names = ['customer_id'] if input == 'orders' and not has_input('customers') else [] -%}
    {%- endif -%}
    {%- set checks = [] -%}
    {%- for name, pattern in (patterns.items() if patterns is mapping else []) -%}
        {%- if name in names -%}
            {%- do checks.append({
                'rule': 'test_account',
                'condition': regexp_like(lower_case('cast(' ~ name ~ ' as string)'), pattern | string),
                'reason': "concat('" ~ name ~ " is that of a test account: ', " ~ shown_value(input, name) ~ ")"
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}
