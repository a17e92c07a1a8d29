{#- One spelling for codes: countries and currencies in upper case, states of things in lower case, two spellings of
    each gender as one. Any other text keeps its case. -#}
{% macro normalised_text(name, text) -%}
    {%- if name in ['country', 'currency'] -%}
        {{ upper_case(text) }}
    {%- elif name in ['status', 'channel', 'acquisition_channel'] -%}
        {{ lower_case(text) }}
    {%- elif name == 'gender' -%}
        case {{ lower_case(text) }} when 'f' then 'female' when 'm' then 'male' else {{ lower_case(text) }} end
    {%- else -%}
        {{ text }}
    {%- endif -%}
{%- endmacro %}
