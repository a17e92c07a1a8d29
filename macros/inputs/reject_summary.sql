{#- Why rows of an input are rejected, for messages: each rule with its count and one reason as an example.
    rejected: a relation or a query in brackets, with the columns of rejected_records. -#}
{% macro reject_summary(rejected, input) -%}
    {%- set query -%}
        select rule, count(*) as rejected_rows, min(reason) as example
        from {{ rejected }} as rejected
        where input = {{ string_literal(input) }}
        group by rule
        order by rejected_rows desc, rule
    {%- endset -%}
    {%- set parts = [] -%}
    {%- for row in run_query(query).rows -%}
        {%- do parts.append(row[0] ~ ' ' ~ row[1] ~ ', such as: ' ~ row[2]) -%}
    {%- endfor -%}
    {{ return(parts | join('; ')) }}
{%- endmacro %}
