{#- What a reason tells of a typed value of an input: as much as input_columns says, in quotes; `nothing` where there is
    none. Reasons reach terminals, logs and published tables; who is allowed into staging finds the row itself there. -#}
{% macro shown_value(input, name) -%}
    {%- set text = shortened(name) -%}
    {%- set shown = (input_columns(input) | selectattr('name', 'equalto', name) | first).shown -%}
    {%- if shown == 'key' -%}
        {%- set told -%}
            case when {{ is_address_like(text) }} then {{ shape_of(text) }} else {{ text }} end
        {%- endset -%}
    {%- else -%}
        {%- set told = text if shown == 'value' else shape_of(text) -%}
    {%- endif -%}
    {{ return(in_quotes(told)) }}
{%- endmacro %}


{#- What a reason tells of a value as it came, whatever its column: columns shift, and then an address stands under
    quantities. -#}
{% macro shown_shape(expression) -%}
    {{ return(in_quotes(shape_of(shortened(expression)))) }}
{%- endmacro %}


{% macro in_quotes(text) -%}
    coalesce(concat('''', {{ text }}, ''''), 'nothing')
{%- endmacro %}


{#- Cut to a length that a person reads. -#}
{% macro shortened(expression) -%}
    substring(cast({{ expression }} as string), 1, 100)
{%- endmacro %}


{#- The shape of a text: 9 for a digit, x for a letter or whatever else is no punctuation mark. -#}
{% macro shape_of(text) -%}
    {{ regexp_replace_all(regexp_replace_all(text, "[0-9]", "9"), "[^9 !-/:-@_]", "x") }}
{%- endmacro %}


{#- Whether a text is an email address, or a phone number as people write it: with a blank, or parted and beginning with +,
    a bracket or 0. Digits alone are an id, and so is `2024/000123`. -#}
{% macro is_address_like(text) -%}
    ({{ text }} like '%@%' or (
        {{ regexp_like(text, "^[0-9+()/ .-]+$") }} and {{ regexp_like(text, "^([+(]|0[0-9]*[^0-9])| ") }}
        and {{ regexp_like(text, "[0-9][^0-9]*[0-9][^0-9]*[0-9][^0-9]*[0-9][^0-9]*[0-9][^0-9]*[0-9][^0-9]*[0-9]") }}
    ))
{%- endmacro %}
