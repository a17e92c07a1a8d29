{#- Sentences about columns that are needed and not there: one that every row must have, or one that a mapped expression
    refers to. -#}
{% macro check_input_columns(input, source_columns) -%}
    {%- set problems = [] -%}
    {%- set names = source_columns | map(attribute='name') | list -%}
    {%- set there_are = "The columns there are: " ~ names | join(', ') ~ ". " -%}
    {%- set mapped = input_setting(input).get('columns') or {} -%}
    {%- set own_names = input_columns(input) | map(attribute='name') | list -%}
    {%- set problem = problem_of_header(input, names) -%}
    {%- if problem -%}
        {{ return([problem]) }}
    {%- endif -%}
    {%- for name in mapped if name not in own_names -%}
        {%- if input == 'customers' and name == 'age' -%}
            {%- do problems.append("Input customers has no column age (vars.inputs.customers.columns.age): an age is that of "
                ~ "one day, and the project counts it at every as-of date. Set vars.inputs.customers.columns.birth_date to the "
                ~ "day on which the age was noted less so many years (docs/configuration.md, recipes).") -%}
            {%- continue -%}
        {%- endif -%}
        {%- do problems.append("Input " ~ input ~ " has no column " ~ name ~ " to be mapped (vars.inputs." ~ input
            ~ ".columns." ~ name ~ "). Its columns are " ~ own_names | join(', ') ~ "; the nearest is "
            ~ nearest_name(name | string, own_names) ~ "."
            ~ (" Further columns of customers are declared in vars.attributes." if input == 'customers' else "")) -%}
    {%- endfor -%}
    {%- for column in input_mapping(input, source_columns) -%}
        {%- set where = "vars.inputs." ~ input ~ ".columns." ~ column.name -%}
        {%- if column.expression is none and not column.is_generated and column.role != 'optional' -%}
            {%- set remedy = same_but_for_case(column.name, names, where) or (
                "The nearest is " ~ nearest_name(column.name, names) ~ ". Set " ~ where ~ " to a column or a SQL expression"
                ~ (", or to generated" if column.role == 'key' else "") ~ "."
            ) -%}
            {%- do problems.append("Input " ~ input ~ ": the column " ~ column.name ~ " is missing. Expected " ~ column.type
                ~ (", as declared in vars.attributes" if column.role == 'attribute' else "") ~ ". " ~ there_are
                ~ remedy) -%}
        {%- elif column.expression is not none and column.name in mapped and not column.is_name -%}
            {%- set problem = problem_of_expression(column, names, where) -%}
            {%- if problem -%}
                {%- do problems.append((
                    "Input " ~ input ~ ", column " ~ column.name ~ ": " if not problem.startswith('vars.') else ""
                ) ~ problem) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(problems) }}
{%- endmacro %}


{#- A sentence where the first line of CSV files has values in the place of names; else empty. DuckDB's files are proved
    before (`problem_of_files`), and Spark takes any first line for a header. -#}
{% macro problem_of_header(input, names) -%}
    {%- set setting = input_setting(input) -%}
    {%- set is_csv = setting.get('path') is string and not setting.path.lower().endswith('.parquet') -%}
    {%- set value = '[-+]?[0-9]+([.,][0-9]+)*|[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}([ T].*)?|[^@ ]+@[^@ ]+[.][a-zA-Z]+' -%}
    {%- for name in names if is_csv and not setting.get('header') and modules.re.fullmatch(value, name | trim) -%}
        {{ return("Input " ~ input ~ ": the first line of its files is to hold the names of the columns, and its value "
            ~ (names.index(name) + 1) ~ " looks like a number, a date or an email address. If the files have no header, set "
            ~ "vars.inputs." ~ input ~ ".header to the list of their columns; if these are their names, set it to true.") }}
    {%- endfor -%}
    {{ return('') }}
{%- endmacro %}


{#- What is wrong with a mapped expression over columns of these names; empty if nothing is. -#}
{% macro problem_of_expression(column, names, where) -%}
    {%- set there_are = "The columns there are: " ~ names | join(', ') ~ ". " -%}
    {%- set text = column.expression | trim -%}
    {%- if not text -%}
        {{ return(where ~ " is empty. Set it to a column or a SQL expression, or leave it out.") }}
    {%- elif text | lower == 'generated' and 'generated' not in names | map('lower') -%}
        {{ return("only an id can be generated. Set " ~ where ~ " to a SQL expression.") }}
    {%- endif -%}
    {%- set found = expression_columns(column.expression) -%}
    {%- set offer = same_but_for_case(text, names, where) -%}
    {%- if found and found.error -%}
        {{ return(column.expression ~ " is no SQL expression (" ~ found.error ~ "). " ~ there_are
            ~ (offer or "The nearest is " ~ nearest_name(text, names) ~ ". Set " ~ where ~ ".")) }}
    {%- elif found and offer and not found.columns -%}
        {#- `true` is a value, and `True` a column. -#}
        {{ return("there is no column " ~ text ~ ", which " ~ where ~ " may refer to. " ~ there_are ~ offer) }}
    {%- endif -%}
    {%- set lower_names = names | map('lower') | list -%}
    {%- for parts in (found.columns if found else []) -%}
        {%- if not parts | map('lower') | select('in', lower_names) | list -%}
            {{ return("there is no column " ~ parts | join('.') ~ ", which " ~ where ~ " refers to. " ~ there_are
                ~ (same_but_for_case(parts | last, names, where, is_all=(parts | last | lower == text | lower))
                    or "The nearest is " ~ nearest_name(parts | last, names) ~ ". Set " ~ where ~ ".")) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return('') }}
{%- endmacro %}


{#- A text as YAML takes it in double quotes. -#}
{% macro yaml_text(text) -%}
    {{ return('"' ~ (text | replace('\\', '\\\\') | replace('"', '\\"')) ~ '"') }}
{%- endmacro %}


{#- A sentence that offers the column whose name is the same but for case or blanks around it; empty if there is none.
    is_all: whether the name is all that was written, and not a part of an expression. -#}
{% macro same_but_for_case(name, names, where, is_all=true) -%}
    {%- for candidate in names if candidate | trim | lower == name | trim | lower -%}
        {%- if is_all -%}
            {{ return("The column " ~ yaml_text(candidate) ~ " has this name but for case or blanks around it. Set " ~ where
                ~ " to " ~ yaml_text(candidate) ~ ", exactly so.") }}
        {%- endif -%}
        {{ return("The column " ~ yaml_text(candidate) ~ " has this name but for case or blanks around it. Write it as "
            ~ quoted_name(candidate) ~ " in " ~ where ~ ".") }}
    {%- endfor -%}
    {{ return('') }}
{%- endmacro %}
