{#- Called when everything has ended: says of every column that left its bounds which table, column and row it is. dbt
    itself counts the rows alone. Of a row its keys are told and nothing else. A build that succeeds pays nothing. -#}
{% macro explain_failed_tests(results) -%}
    {%- set keys = ['segmentation', 'segment_id', 'feature', 'bin', 'rule_number', 'customer_id', 'as_of_date'] -%}
    {%- for result in results if execute and result.status in ['fail', 'warn'] and result.node.test_metadata -%}
        {%- set test = result.node.test_metadata -%}
        {%- if test.name == 'share_between' and result.node.compiled_code -%}
            {%- set column = result.node.column_name -%}
            {%- set query -%}
                select * from (
                    {{ result.node.compiled_code }}
                ) as failed
                order by {{ column }} desc
                limit 1
            {%- endset -%}
            {%- set found = run_query(query) -%}
            {%- set row = found.rows[0] -%}
            {%- set parts = [] -%}
            {%- for name in found.column_names if name in keys -%}
                {%- do parts.append(name ~ " '" ~ row[name] ~ "'") -%}
            {%- endfor -%}
            {%- do log("Table " ~ result.node.attached_node.split('.')[-1] ~ ", column " ~ column
                ~ ": expected values between " ~ test.kwargs.get('lowest', 0) ~ " and "
                ~ test.kwargs.get('highest', 1) ~ ", found " ~ row[column] ~ " at " ~ parts | join(', ')
                ~ " (rows in all: " ~ result.failures ~ ").", info=true) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
