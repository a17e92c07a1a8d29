{#- A raw text as the project reads numbers and dates, where vars.inputs says that an input writes them otherwise (`decimal`,
    `date_format`); null where it is not written so. text: SQL that gives a trimmed text. -#}
{% macro written_value(text, type, setting) -%}
    {%- if type in ['date', 'timestamp'] and setting.get('date_format') -%}
        {{ return(text_in_formats(text, date_formats(setting))) }}
    {%- elif (type in ['double', 'integer'] or type.startswith('decimal')) and setting.get('decimal') == ',' -%}
        {{ return(text_with_decimal_comma(text)) }}
    {%- endif -%}
    {{ return(text) }}
{%- endmacro %}


{#- 1.234,5 as 1234.5. A point stands between groups of three digits alone: 12.5 is no number of such an input. -#}
{% macro text_with_decimal_comma(text) -%}
    {%- set digits = '([0-9]+|[0-9]{1,3}([.][0-9]{3})+)' -%}
    case
        when {{ regexp_like(text, '^[-+]?(' ~ digits ~ '(,[0-9]*)?|,[0-9]+)([eE][-+]?[0-9]+)?$') }}
            then replace(replace({{ text }}, '.', ''), ',', '.')
    end
{%- endmacro %}


{#- The patterns of an input's setting date_format. -#}
{% macro date_formats(setting) -%}
    {%- set given = setting.get('date_format') or [] -%}
    {{ return([given] if given is string or given is not sequence else given | list) }}
{%- endmacro %}


{#- What a pattern such as dd.MM.yyyy HH:mm is made of: {regexp, places: {part: number of its group}}; none if it is no
    pattern: one without a whole date, with a part twice, or with other letters. -#}
{% macro date_parts(pattern) -%}
    {%- set digits = {'yyyy': '[0-9]{4}', 'MM': '[0-9]{2}', 'M': '[0-9]{1,2}', 'dd': '[0-9]{2}', 'd': '[0-9]{1,2}',
        'HH': '[0-9]{2}', 'H': '[0-9]{1,2}', 'mm': '[0-9]{2}', 'ss': '[0-9]{2}'} -%}
    {%- set places = {} -%}
    {%- set regexp = [] -%}
    {%- for piece in modules.re.findall('yyyy|MM|M|dd|d|HH|H|mm|ss|.', pattern | string) -%}
        {%- if piece in digits -%}
            {%- if piece[0] in places -%}{{ return(none) }}{%- endif -%}
            {%- do places.update({piece[0]: places | length + 1}) -%}
            {%- do regexp.append('(' ~ digits[piece] ~ ')') -%}
        {%- elif piece in [' ', '.', '-', '/', ':', ',', 'T'] -%}
            {%- do regexp.append('[' ~ piece ~ ']') -%}
        {%- else -%}
            {{ return(none) }}
        {%- endif -%}
    {%- endfor -%}
    {%- set is_whole = 'y' in places and 'M' in places and 'd' in places and ('H' in places or 'm' not in places)
        and ('m' in places or 's' not in places) -%}
    {{ return({'regexp': '^' ~ regexp | join ~ '$', 'places': places} if is_whole else none) }}
{%- endmacro %}


{#- A text in one of several patterns as an ISO text; null where it is in none of them. -#}
{% macro text_in_formats(text, patterns) -%}
    case
    {%- for pattern in patterns %}
        {%- set found = date_parts(pattern) %}
        {%- set groups = {} %}
        {%- for part in found.places %}
        {%- do groups.update({part: "regexp_extract(" ~ text ~ ", '" ~ found.regexp ~ "', " ~ found.places[part] ~ ")"}) %}
        {%- endfor %}
        when {{ regexp_like(text, found.regexp) }}
            then concat(
                {{ groups.y }}, '-', lpad({{ groups.M }}, 2, '0'), '-', lpad({{ groups.d }}, 2, '0')
                {%- if 'H' in groups %},
                ' ', lpad({{ groups.H }}, 2, '0'), ':', {{ groups.m or "'00'" }}, ':', {{ groups.s or "'00'" }}
                {%- endif %}
            )
    {%- endfor %}
    end
{%- endmacro %}
