{#-
  A select of no rows with these columns, a mapping of names to types: what a loop over nothing leaves behind, and
  the last arm of a union that a loop writes. `string` stands for the engine's text type.
  relation: what to select from, where a CTE would otherwise be read by nobody if the loop is empty.
-#}
{% macro no_rows(columns, relation="(select 1 as nothing) as nowhere") -%}
    {%- set nulls = [] -%}
    {%- for name, type in columns.items() -%}
        {%- do nulls.append("cast(null as {}) as {}".format(dbt.type_string() if type == "string" else type, name)) -%}
    {%- endfor -%}
    select {{ nulls | join(", ") }} from {{ relation }} where false
{%- endmacro %}
