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
    {%- set settings = {
        'unparsable_date': ('date_format', 'in another form throughout'),
        'unparsable_number': ('decimal', 'with a comma before the fraction'),
    } -%}
    {%- for row in run_query(query).rows -%}
        {%- set setting, written = settings.get(row[0], (none, none)) -%}
        {%- do parts.append(row[0] ~ ' ' ~ row[1] ~ ', such as: ' ~ row[2] ~ (
            ' (vars.inputs.' ~ input ~ '.' ~ setting ~ ' is for what is written ' ~ written ~ ')' if setting else ''
        )) -%}
    {%- endfor -%}
    {{ return(parts | join('; ')) }}
{%- endmacro %}
