{#- A sentence where no customer is left to be segmented; else empty. -#}
{% macro check_somebody_is_left() -%}
    {%- set input = 'customers' if has_input('customers') else 'orders' -%}
    {%- set query -%}
        select
            (select count(*) from ({{ accepted_rows(input, key_columns(input)) }}) as accepted) as accepted_rows,
            (select count(*) from {{ ref('raw_' ~ input) }}) as raw_rows
    {%- endset -%}
    {%- set rejected = '(' ~ rejected_rows(input) ~ ')' -%}
    {%- if is_building() -%}
        {%- set row = run_query(query).rows[0] -%}
        {%- if row[0] | int == 0 and row[1] | int == 0 -%}
            {{ return("Input " ~ input ~ ": expected at least one row, found none. Fill it, or set vars.inputs."
                ~ input ~ " to where the rows are.") }}
        {%- elif row[0] | int == 0 -%}
            {{ return("Input " ~ input ~ ": expected at least one usable row, found " ~ row[1] ~ " rows that are all "
                ~ "rejected (" ~ reject_summary(rejected, input) ~ "). Correct the data, or the mapping in vars.inputs." ~ input
                ~ ".columns.") }}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
