{#- Called when everything has ended: where a model that reads the inputs failed, finds the mapped expressions that fail
    on some row, and says so in our own words. The engine's message names a value, but neither the input nor the
    variable. A build that succeeds pays nothing for it. -#}
{% macro explain_failed_inputs(results) -%}
    {#- Asked for while dbt reads the project: a seed or model behind an input is not found later otherwise. -#}
    {%- for input in input_names() if has_input(input) and input_setting(input).get('ref') -%}
        {%- do input_source(input) -%}
    {%- endfor -%}
    {%- set failed = [] -%}
    {%- for result in results if result.status == 'error' and result.node.schema in ['staging', 'refresh'] -%}
        {%- do failed.append(result.node.name) -%}
    {%- endfor -%}
    {%- if is_building() and failed -%}
        {%- for input in input_names() if has_input(input) -%}
            {%- set source_columns = input_source_columns(input) -%}
            {%- set mapped = input_setting(input).get('columns') or {} -%}
            {%- for column in input_mapping(input, source_columns) if source_columns and column.name in mapped -%}
                {%- if not column.is_generated and fails_on_rows(column.expression, input_source(input)) -%}
                    {%- set where = 'vars.inputs.' ~ input ~ '.columns.' ~ column.name -%}
                    {%- do log("Input " ~ input ~ ", column " ~ column.name ~ ": " ~ column.expression
                        ~ " fails on some rows. Expected " ~ column.type ~ " or null for every row. Set " ~ where
                        ~ " to a SQL expression that gives one; try_cast gives null where cast fails.", info=true) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
