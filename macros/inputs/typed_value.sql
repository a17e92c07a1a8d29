{#- A raw column cast to the type that is declared for it; null where it cannot be. Text is trimmed, and empty text is
    null. family: type_family of the raw column, known when the SQL is written, so that only text pays for trimming.
    setting: what vars.inputs says of the input, for how it writes numbers and dates. -#}
{% macro typed_value(name, type, family, setting={}) -%}
    {%- set raw = 'source.' ~ name -%}
    {%- if family == 'single' -%}
        {#- 19.99 in 32 bits is 19.9899998 in 64, unless it goes by its text. -#}
        {%- set raw = 'cast(cast(' ~ raw ~ ' as string) as double)' -%}
        {%- set family = 'float' -%}
    {%- elif family == 'timestamp' and type == 'string' -%}
        {#- Engines print a time with a zone, and one finer than microseconds, in ways of their own. -#}
        {%- set raw = 'cast(' ~ raw ~ ' as ' ~ sql_type('timestamp') ~ ')' -%}
    {%- endif -%}
    {%- set text = "nullif(trim(" ~ raw ~ "), '')" if family == 'text' else 'cast(' ~ raw ~ ' as string)' -%}
    {%- if family == 'text' -%}
        {%- set text = written_value(text, type, setting) -%}
    {%- endif -%}
    {%- if type == 'string' and family == 'text' -%}
        {{ normalised_text(name, trimmed(raw)) }}
    {%- elif type == 'string' -%}
        {{ normalised_text(name, whole_number_text(raw, family) if family in ['float', 'number'] else text) }}
    {%- elif type in ['date', 'timestamp'] -%}
        {%- set instant = raw if family in ['date', 'timestamp'] else text_to_timestamp(text, as_written=type == 'date') -%}
        cast({{ instant }} as {{ sql_type(type) }})
    {%- elif type == 'boolean' -%}
        {%- if family == 'boolean' -%}
            {{ raw }}
        {%- else -%}
            case
                when lower({{ text }}) in ('true', 't', 'yes', 'y', '1', '1.0') then true
                when lower({{ text }}) in ('false', 'f', 'no', 'n', '0', '0.0') then false
            end
        {%- endif -%}
    {%- else -%}
        {%- set is_number = family in ['float', 'number', 'integer'] -%}
        {%- if type == 'double' -%}
            {%- set number = 'try_cast(' ~ raw ~ ' as double)' if is_number else text_to_number(text, 'double') -%}
            {#- Not-a-number and the infinities are no measurements: nothing can be averaged with them. -#}
            case when abs({{ number }}) <= 1.7976931348623157e308 then {{ number }} end
        {%- elif type == 'integer' and family != 'integer' -%}
            {#- Engines round a fraction, cut it off or refuse it: 2.7 is no whole number. -#}
            {%- set number = raw if is_number else text_to_number(text, 'decimal(34, 15)') -%}
            case when {{ number }} = round({{ number }}) then try_cast({{ number }} as {{ sql_type(type) }}) end
        {%- elif type.startswith('decimal') and family == 'float' -%}
            {{ double_as_decimal(raw, sql_type(type)) }}
        {%- elif is_number -%}
            try_cast({{ raw }} as {{ sql_type(type) }})
        {%- else -%}
            {{ text_to_number(text, sql_type(type)) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- A floating number rounded to a decimal type; null where it does not fit. A double holds fifteen digits of what was
    written for certain, so a large number is rounded to four decimals: those beyond are not its own. -#}
{% macro double_as_decimal(x, type) -%}
    {%- set precision, scale = modules.re.findall('[0-9]+', type) | map('int') -%}
    case
        {%- for digits in ([scale, 4] if scale > 4 else [scale]) %}
        when abs({{ x }}) < {{ 10 ** ([15 - digits, precision - scale] | min if not loop.last else precision - scale) }}
            then cast(
                cast({{ half_up(x, digits) }} as decimal(18, 0))
                * cast(0.{{ '0' * (digits - 1) }}1 as decimal({{ digits + 1 }}, {{ digits }})) as {{ type }}
            )
        {%- endfor %}
    end
{%- endmacro %}
