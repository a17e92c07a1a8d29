{#- The offers of a segment as bits of a few numbers of 64 bits, sixty in each, in the order of their offer_number. What
    a customer knows of hundreds of offers is then a few numbers, which one pass over the customers holds against each
    offer; as rows it would be joined, grouped and sorted. -#}
{% macro offer_blocks() -%}
    {#- At most offers.candidates of each of the two reasons. -#}
    {{ return(range(((2 * var("offers")["candidates"] + 59) // 60))) }}
{%- endmacro %}


{#- Those offers of a group for which a condition holds, as columns prefix_0, prefix_1, ...
    number: column with the offer_number. -#}
{% macro offer_bits(prefix, number, condition) -%}
    {%- for block in offer_blocks() -%}
    bit_or(case
        when {{ condition }} and {{ number }} between {{ 60 * block + 1 }} and {{ 60 * block + 60 }}
            then cast(power(2, {{ number }} - {{ 60 * block + 1 }}) as bigint)
        else cast(0 as bigint)
    end) as {{ prefix }}_{{ block }}{{ ",\n" if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- How many offers numbers of bits hold. expression: one of the numbers, with {} for that of its block. -#}
{% macro bits_set(expression) -%}
    {%- for block in offer_blocks() -%}
    {{ "+ " if not loop.first }}cast(bit_count({{ expression.format(block) }}) as integer){{ "\n" if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
