{#- A number as people read it, the same on every engine: about three digits, no exponent. -#}
{% macro number_text(x) -%}
    case
        when abs({{ x }}) >= 100
            then coalesce(cast(try_cast(round({{ x }}, 0) as decimal(38, 0)) as {{ dbt.type_string() }}), 'beyond measure')
        -- A zero that went through scaling and back is zero, without a sign; a count has no decimals.
        when abs({{ x }}) < 0.005 then '0'
        when abs({{ x }} - round({{ x }}, 0)) < 0.000001
            then cast(cast(round({{ x }}, 0) as decimal(18, 0)) as {{ dbt.type_string() }})
        when abs({{ x }}) >= 10 then cast(cast({{ half_up(x, 1) }} / 10 as decimal(18, 1)) as {{ dbt.type_string() }})
        when {{ x }} is null then 'unknown'
        else cast(cast({{ half_up(x, 2) }} / 100 as decimal(18, 2)) as {{ dbt.type_string() }})
    end
{%- endmacro %}
