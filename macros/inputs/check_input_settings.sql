{#- Stops the run where vars.inputs or vars.attributes are not of the shape that the macros of this folder read: the stream
    asks this before it takes anything. -#}
{% macro check_input_settings() -%}
    {%- set problems = problems_of_settings() -%}
    {%- if problems -%}
        {%- do stop(told_problems(problems)) -%}
    {%- endif -%}
{%- endmacro %}


{#- Sentences about what is wrong with vars.inputs and vars.attributes as they are written. -#}
{% macro problems_of_settings() -%}
    {%- set problems = [] -%}
    {%- set inputs = var('inputs') -%}
    {%- set example = "{orders: {path: data/orders.csv}}" -%}
    {%- if inputs is not mapping -%}
        {%- do problems.append("vars.inputs must map inputs to where they are, such as " ~ example ~ "; it is: " ~ inputs) -%}
    {%- else -%}
        {%- for input in inputs -%}
            {%- do problems.extend(problems_of_setting(input, inputs[input])) -%}
        {%- endfor -%}
        {%- if not inputs.get('customers') and not inputs.get('orders') -%}
            {%- do problems.append("vars.inputs has neither customers nor orders: there is nobody to segment. Set one of "
                ~ "them, such as " ~ example ~ ".") -%}
        {%- endif -%}
    {%- endif -%}
    {%- do problems.extend(check_attribute_settings()) -%}
    {{ return(problems) }}
{%- endmacro %}


{#- The same about one input. -#}
{% macro problems_of_setting(input, setting) -%}
    {%- set problems = [] -%}
    {%- set where = 'vars.inputs.' ~ input -%}
    {%- if input not in input_names() -%}
        {{ return([where ~ ": there is no such input. Inputs are " ~ input_names() | join(', ')
            ~ "; the nearest is " ~ nearest_name(input | string, input_names()) ~ "."]) }}
    {%- elif setting is not mapping -%}
        {{ return([where ~ " must be a mapping with one of ref, relation and path, such as {path: data/orders.csv}; it is: "
            ~ setting]) }}
    {%- endif -%}
    {%- set places = ['ref', 'relation', 'path'] | select('in', setting) | list -%}
    {%- if places | length != 1 -%}
        {%- do problems.append(where ~ " must have exactly one of ref (a seed or model), relation (schema.table) and path "
            ~ "(a file or glob); it has " ~ (places | join(' and ') or 'none of them') ~ ".") -%}
    {%- elif setting[places[0]] is not string or not setting[places[0]] | trim -%}
        {%- do problems.append(where ~ "." ~ places[0] ~ " must be a text; it is: " ~ setting[places[0]]) -%}
    {%- endif -%}
    {%- set known = ['ref', 'relation', 'path', 'columns', 'distinct', 'max_reject_share', 'delimiter', 'quote', 'encoding',
        'header', 'skip_lines', 'decimal', 'date_format']
        + (['discounts'] if input == 'order_items' else []) -%}
    {%- for key in setting if key not in known -%}
        {%- do problems.append(where ~ "." ~ key ~ ": there is no such setting. Settings are " ~ known | join(', ')
            ~ "; the nearest is " ~ nearest_name(key | string, known) ~ ".") -%}
    {%- endfor -%}
    {%- if setting.get('columns') and setting.columns is not mapping -%}
        {%- do problems.append(where ~ ".columns must map columns to SQL expressions, such as {order_id: InvoiceNo}; it is: "
            ~ setting.columns) -%}
    {%- endif -%}
    {%- if setting.get('discounts', 'positive') not in ['positive', 'negative'] -%}
        {%- do problems.append(where ~ ".discounts must be positive or negative, as the source writes what lowers the price; "
            ~ "it is: " ~ setting.discounts) -%}
    {%- endif -%}
    {%- set share = setting.get('max_reject_share', 0) -%}
    {%- if share is not number or share < 0 or share > 1 -%}
        {%- do problems.append(where ~ ".max_reject_share must be a number between 0 and 1; it is: " ~ share) -%}
    {%- endif -%}
    {%- do problems.extend(problems_of_dialect(setting, where)) -%}
    {{ return(problems) }}
{%- endmacro %}


{#- The same about how an input's files, numbers and dates are written. -#}
{% macro problems_of_dialect(setting, where) -%}
    {%- set problems = [] -%}
    {%- set is_csv = setting.get('path') is string and not setting.path.lower().endswith('.parquet') -%}
    {%- for key in dialect_of(setting) if not is_csv -%}
        {%- do problems.append(where ~ "." ~ key ~ " says how CSV files are written, and this input is none. Remove it.") -%}
    {%- endfor -%}
    {%- for key in ['delimiter', 'quote'] if setting.get(key) is not none -%}
        {%- if setting[key] is not string or setting[key] | length > 1 or setting[key] in ['\n', '\r', '\0']
            or (not setting[key] and key == 'delimiter') or setting[key] > '~' -%}
            {%- do problems.append(where ~ "." ~ key ~ " must be one character of ASCII in quotes, such as "
                ~ ('";"' if key == 'delimiter' else '"\'", or empty for none') ~ "; it is: " ~ setting[key]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if setting.get('delimiter') and setting.delimiter == setting.get('quote', '"') -%}
        {%- do problems.append(where ~ ".delimiter and .quote must be two characters; both are " ~ setting.delimiter) -%}
    {%- endif -%}
    {%- set encodings = ['utf-8', 'latin-1', 'utf-16'] -%}
    {%- if (setting.get('encoding') or 'utf-8') not in encodings -%}
        {%- do problems.append(where ~ ".encoding must be one of " ~ encodings | join(', ') ~ "; it is: " ~ setting.encoding
            ~ ". Write files in another one as UTF-8: iconv -f " ~ setting.encoding ~ " -t utf-8.") -%}
    {%- endif -%}
    {%- set header = setting.get('header') -%}
    {%- set names = header | list if header is sequence and header is not string and header is not mapping else [] -%}
    {%- if header is not none and header is not boolean
        and (not names or names | reject('string') | list or '' in names
             or names | map('lower') | unique | list | length < names | length) -%}
        {%- do problems.append(where ~ ".header must be true (the first line has the names of the columns, whatever it looks "
            ~ "like) or, where files have no header, the list of these names, each once; it is: " ~ header) -%}
    {%- endif -%}
    {%- set skipped = setting.get('skip_lines') or 0 -%}
    {%- if skipped is not integer or skipped is boolean or skipped < 0 -%}
        {%- do problems.append(where ~ ".skip_lines must be the number of lines before the header; it is: " ~ skipped) -%}
    {%- endif -%}
    {%- if setting.get('decimal', '.') not in ['.', ','] -%}
        {%- do problems.append(where ~ ".decimal must be \".\" or \",\", what stands before the fraction of a number; it is: "
            ~ setting.decimal) -%}
    {%- endif -%}
    {%- for pattern in date_formats(setting) if not date_parts(pattern) -%}
        {%- do problems.append(where ~ ".date_format must be made of yyyy, MM and dd, and of HH, mm and ss for a time of day, "
            ~ "such as dd.MM.yyyy HH:mm; M, d and H also take one digit. It is: " ~ pattern) -%}
    {%- endfor -%}
    {{ return(problems) }}
{%- endmacro %}
