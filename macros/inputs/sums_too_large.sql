{#- A sentence where all accepted rows of an input together come to more than a sum of money holds; else empty. Below that
    no sum of a customer, a segment or a period is too large. The engine's own word for such a sum names no input, or it
    writes nothing.
    amounts: columns, or products of two. -#}
{% macro sums_too_large(input, amounts) -%}
    {%- set highest = 90000000000000 -%}
    {%- set columns = [] -%}
    {%- set sums = [] -%}
    {%- for amount in amounts -%}
        {%- set factors = [] -%}
        {%- for column in amount.split(' * ') -%}
            {%- do columns.append(column) if column not in columns -%}
            {%- do factors.append('cast(' ~ column ~ ' as double)') -%}
        {%- endfor -%}
        {%- do sums.append('coalesce(sum(abs(' ~ factors | join(' * ') ~ ')), 0)') -%}
    {%- endfor -%}
    {%- set query -%}
        select {{ sums | join(', ') }}
        from ({{ accepted_rows(input, columns) }}) as accepted
    {%- endset -%}
    {%- if is_building() and has_input(input) -%}
        {%- set found = run_query(query).rows[0] -%}
        {%- for amount in amounts -%}
            {%- set column = amount.split(' * ')[-1] -%}
            {%- if found[loop.index0] >= highest -%}
                {{ return("Input " ~ input ~ ": expected " ~ amount ~ " of all accepted rows, returns as positive numbers, to "
                    ~ "come to less than " ~ "{:,}".format(highest) ~ ", found about "
                    ~ "{:,.0f}".format(found[loop.index0] | float) ~ ". A sum has 18 digits, of which four are decimals. "
                    ~ "Count in a larger unit: set vars.inputs." ~ input ~ ".columns." ~ column
                    ~ " to an expression such as " ~ column ~ " / 1000.") }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
