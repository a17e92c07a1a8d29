{#- A table is built under another name and put in place when it is complete: a build that fails or is killed leaves
    the table of the last good one to its readers.

    Three names: x, x__dbt_beside (being built) and x__dbt_before (the old one, between two renames). -#}
{% macro sparksession_beside(target_relation) -%}
    {{ return(target_relation.incorporate(path={'identifier': target_relation.identifier ~ '__dbt_beside'}, type='table')) }}
{%- endmacro %}


{% macro sparksession_before(target_relation) -%}
    {{ return(target_relation.incorporate(path={'identifier': target_relation.identifier ~ '__dbt_before'}, type='table')) }}
{%- endmacro %}


{#- Clears what an earlier build left when it died, and returns the relation that stands now; none for none. -#}
{% macro sparksession_recover(target_relation) -%}
    {%- set before = sparksession_before(target_relation) -%}
    {%- set left = adapter.get_relation(database, before.schema, before.identifier) -%}
    {%- set existing = adapter.get_relation(database, target_relation.schema, target_relation.identifier) -%}
    {%- if left is not none and existing is none -%}
        {#- It died between the two renames. -#}
        {%- do adapter.rename_relation(before, target_relation) -%}
        {%- set existing = target_relation -%}
    {%- elif left is not none -%}
        {%- do adapter.drop_relation(before) -%}
    {%- endif -%}
    {%- set unfinished = sparksession_beside(target_relation) -%}
    {%- if adapter.get_relation(database, unfinished.schema, unfinished.identifier) is not none -%}
        {%- do adapter.drop_relation(unfinished) -%}
    {%- endif -%}
    {{ return(existing) }}
{%- endmacro %}


{#- Puts the finished table in the place of the existing relation. -#}
{% macro sparksession_put_in_place(target_relation, existing) -%}
    {%- if sparksession_replaces_at_once() -%}{{ return(none) }}{%- endif -%}
    {%- set before = sparksession_before(target_relation) -%}
    {%- if existing is not none and existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- elif existing is not none -%}
        {%- do adapter.rename_relation(existing, before) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(sparksession_beside(target_relation), target_relation) -%}
    {%- if existing is not none and not existing.is_view -%}
        {%- do adapter.drop_relation(before) -%}
    {%- endif -%}
{%- endmacro %}


{#- Where a model's table is built: beside, or in its place where the format replaces content at once. -#}
{% macro sparksession_building_site(target_relation, existing) -%}
    {%- if not sparksession_replaces_at_once() -%}
        {{ return(sparksession_beside(target_relation)) }}
    {%- endif -%}
    {%- if existing is not none and not (existing.is_delta or existing.is_iceberg) -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {{ return(target_relation) }}
{%- endmacro %}
