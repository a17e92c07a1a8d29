{#- Stops the run where vars.inputs or vars.attributes are not of the shape that the macros of this folder read. -#}
{% macro check_input_settings() -%}
    {%- set inputs = var('inputs', {}) -%}
    {%- set example = "{orders: {path: data/orders.csv}}" -%}
    {%- if inputs is not mapping -%}
        {%- do stop("vars.inputs must map inputs to where they are, such as " ~ example ~ "; it is: " ~ inputs) -%}
    {%- endif -%}
    {%- for input, setting in inputs.items() -%}
        {%- set where = 'vars.inputs.' ~ input -%}
        {%- if input not in input_names() -%}
            {%- do stop(where ~ ": there is no such input. Inputs are " ~ input_names() | join(', ')
                ~ "; the nearest is " ~ nearest_name(input | string, input_names()) ~ ".") -%}
        {%- elif setting is not mapping -%}
            {%- do stop(where ~ " must be a mapping with one of ref, relation and path, such as " ~ example
                ~ "; it is: " ~ setting) -%}
        {%- endif -%}
        {%- set places = ['ref', 'relation', 'path'] | select('in', setting) | list -%}
        {%- if places | length != 1 -%}
            {%- do stop(where ~ " must have exactly one of ref (a seed or model), relation (schema.table) and path "
                ~ "(a file or glob); it has " ~ (places | join(' and ') or 'none of them') ~ ".") -%}
        {%- elif setting[places[0]] is not string or not setting[places[0]] | trim -%}
            {%- do stop(where ~ "." ~ places[0] ~ " must be a text; it is: " ~ setting[places[0]]) -%}
        {%- endif -%}
        {%- set known = ['ref', 'relation', 'path', 'columns', 'distinct', 'max_reject_share']
            + (['discounts'] if input == 'order_items' else []) -%}
        {%- for key in setting if key not in known -%}
            {%- do stop(where ~ "." ~ key ~ ": there is no such setting. Settings are " ~ known | join(', ')
                ~ "; the nearest is " ~ nearest_name(key | string, known) ~ ".") -%}
        {%- endfor -%}
        {%- if setting.get('columns') and setting.columns is not mapping -%}
            {%- do stop(where ~ ".columns must map columns to SQL expressions, such as {order_id: InvoiceNo}; it is: "
                ~ setting.columns) -%}
        {%- endif -%}
        {%- if setting.get('discounts', 'positive') not in ['positive', 'negative'] -%}
            {%- do stop(where ~ ".discounts must be positive or negative, as the source writes what lowers the price; "
                ~ "it is: " ~ setting.discounts) -%}
        {%- endif -%}
        {%- set share = setting.get('max_reject_share', 0) -%}
        {%- if share is not number or share < 0 or share > 1 -%}
            {%- do stop(where ~ ".max_reject_share must be a number between 0 and 1; it is: " ~ share) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not inputs.get('customers') and not inputs.get('orders') -%}
        {%- do stop("vars.inputs has neither customers nor orders: there is nobody to segment. Set one of them, "
            ~ "such as " ~ example ~ ".") -%}
    {%- endif -%}
    {%- do check_attribute_settings() -%}
{%- endmacro %}
