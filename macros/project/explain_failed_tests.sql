{#- Called when everything has ended: says of every table that breaks a promise (test `holds`) which column it is, what was
    expected, what was found and in which row. dbt itself counts the rows alone. Of a row its key is told and nothing
    else. A build that succeeds pays nothing. -#}
{% macro explain_failed_tests(results) -%}
    {%- for result in results if execute and result.status in ['fail', 'warn'] and result.node.test_metadata -%}
        {%- if result.node.test_metadata.name == 'holds' and result.node.compiled_code -%}
            {%- set promised = result.node.test_metadata.kwargs -%}
            {%- set told = (promised.get('key') or promised.get('named_by', []))
                + promised.get('also_unique', []) | sum(start=[]) -%}
            {%- set query -%}
                select
                    column_name,
                    expected,
                    max(concat(found, {{ place_of_row(told | unique | list) }})) as example,
                    count(*) as failures
                from (
                    {{ result.node.compiled_code }}
                ) as failed
                group by column_name, expected
                order by column_name, expected
            {%- endset -%}
            {%- for row in run_query(query).rows -%}
                {%- do log("Table " ~ result.node.attached_node.split('.')[-1] ~ ", column" ~ ("s " if ", " in row[0] else " ")
                    ~ row[0] ~ ": expected " ~ row[1] ~ ", found " ~ row[2] ~ " (rows in all: " ~ row[3] ~ ").", info=true) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- Which row is meant, as people are told of it: ` at segmentation 'rfm', segment_id '3'`; empty where no column names it. Of
    a value that looks like somebody's address the shape alone is told, as in the reasons of rejected rows. -#}
{% macro place_of_row(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- set text = shortened(column) -%}
        {%- set shown = "case when " ~ is_address_like(text) ~ " then " ~ shape_of(text) ~ " else " ~ text ~ " end" -%}
        {%- do parts.append("case when " ~ column ~ " is not null then concat('" ~ column ~ " ', " ~ in_quotes(shown) ~ ") end") -%}
    {%- endfor -%}
    {%- set place = "concat_ws(', ', " ~ parts | join(", ") ~ ")" -%}
    {{ "case when " ~ place ~ " <> '' then concat(' at ', " ~ place ~ ") else '' end" if parts else "''" }}
{%- endmacro %}
