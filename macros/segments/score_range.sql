{#- The scores of some rows as a text, "3" or "3 to 5": an aggregate. -#}
{% macro score_range(score) -%}
    concat(
        cast(min({{ score }}) as {{ dbt.type_string() }}),
        case
            when min({{ score }}) < max({{ score }})
                then concat(' to ', cast(max({{ score }}) as {{ dbt.type_string() }}))
            else ''
        end
    )
{%- endmacro %}
