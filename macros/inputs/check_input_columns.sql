{#- Stops the run where a column that is needed is not there: one that every row must have, or one that a mapped
    expression refers to. -#}
{% macro check_input_columns(input, source_columns) -%}
    {%- set names = source_columns | map(attribute='name') | list -%}
    {%- set lower_names = names | map('lower') | list -%}
    {%- set there_are = "The columns there are: " ~ names | join(', ') ~ ". " -%}
    {%- set mapped = input_setting(input).get('columns') or {} -%}
    {%- set own_names = input_columns(input) | map(attribute='name') | list -%}
    {%- for name in mapped if name not in own_names -%}
        {%- do stop("Input " ~ input ~ " has no column " ~ name ~ " to be mapped (vars.inputs." ~ input ~ ".columns."
            ~ name ~ "). Its columns are " ~ own_names | join(', ') ~ "; the nearest is "
            ~ nearest_name(name | string, own_names) ~ "."
            ~ (" Further columns of customers are declared in vars.attributes." if input == 'customers' else "")) -%}
    {%- endfor -%}
    {%- for column in input_mapping(input, source_columns) -%}
        {%- set where = "vars.inputs." ~ input ~ ".columns." ~ column.name -%}
        {%- if column.is_generated -%}
            {%- if column.role != 'key' -%}
                {%- do stop("Input " ~ input ~ ", column " ~ column.name ~ ": only an id can be generated. Set " ~ where
                    ~ " to a SQL expression.") -%}
            {%- endif -%}
        {%- elif column.expression is none -%}
            {%- if column.role != 'optional' -%}
                {%- do stop("Input " ~ input ~ ": the column " ~ column.name ~ " is missing. Expected " ~ column.type
                    ~ (", as declared in vars.attributes" if column.role == 'attribute' else "") ~ ". " ~ there_are
                    ~ "The nearest is " ~ nearest_name(column.name, names) ~ ". Set " ~ where
                    ~ " to a column or a SQL expression" ~ (", or to generated" if column.role == 'key' else "")
                    ~ ".") -%}
            {%- endif -%}
        {%- elif column.name in mapped -%}
            {%- if not column.expression | trim -%}
                {%- do stop(where ~ " is empty. Set it to a column or a SQL expression, or leave it out.") -%}
            {%- endif -%}
            {%- set found = expression_columns(column.expression) -%}
            {%- if found and found.error -%}
                {%- do stop("Input " ~ input ~ ", column " ~ column.name ~ ": " ~ column.expression ~ " is no SQL "
                    ~ "expression (" ~ found.error ~ "). " ~ there_are ~ "Set " ~ where ~ ".") -%}
            {%- endif -%}
            {%- for parts in (found.columns if found else []) -%}
                {%- if not parts | map('lower') | select('in', lower_names) | list -%}
                    {%- do stop("Input " ~ input ~ ", column " ~ column.name ~ ": there is no column "
                        ~ parts | join('.') ~ ", which " ~ where ~ " refers to. " ~ there_are ~ "The nearest is "
                        ~ nearest_name(parts | last, names) ~ ". Set " ~ where ~ ".") -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
