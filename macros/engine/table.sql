{#- The materializations `table` and `view` on DuckDB, which replaces either in one statement and one transaction: whoever
    reads meanwhile sees the old one, and a query that fails leaves it. dbt-duckdb builds beside, renames twice and drops,
    which takes longer than the query of a small model. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {#- Constraints are written into a table's definition, before its rows. -#}
    {%- if enforced_constraint_types() -%}
        {{ return(dbt.materialization_table_duckdb()) }}
    {%- endif -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if model['language'] == 'sql' -%}
        {%- do replace_table(target_relation, existing) -%}
    {%- else -%}
        {%- set site = building_site(target_relation) -%}
        {#- dbt lets a statement run Python only where it stands in the materialization itself. -#}
        {%- call statement('main', language='python') -%}
            {{ create_table_as(False, site, compiled_code, 'python') }}
        {%- endcall -%}
        {%- do put_in_place(site, target_relation, existing) -%}
    {%- endif -%}
    {%- do create_indexes(target_relation) -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization view, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- do drop_if_not(existing, 'view') -%}
    {%- call statement('main') -%}
        {{ asserted_columns() }}
        create or replace view {{ target_relation }} as (
            {{ compiled_code }}
        )
    {%- endcall -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Make a table of this model's query in place of what there is, its columns in the order of the contract. -#}
{% macro replace_table(relation, existing) -%}
    {%- do drop_if_not(existing, 'table') -%}
    {%- call statement('main') -%}
        {{ asserted_columns() }}
        create or replace table {{ relation }} as (
            {{ get_select_subquery(compiled_code) if config.get('contract').enforced else compiled_code }}
        )
    {%- endcall -%}
{%- endmacro %}


{#- Compare the columns of this model's query with its contract; nothing where it has none. -#}
{% macro asserted_columns() -%}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent(compiled_code) }}
    {%- endif -%}
{%- endmacro %}


{#- `create or replace` refuses a name that belongs to another kind of relation. -#}
{% macro drop_if_not(existing, kind) -%}
    {%- if existing is not none and existing.type != kind -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
{%- endmacro %}


{#- The name beside a table under which it is made; what a run that was killed left there is gone. -#}
{% macro building_site(relation) -%}
    {%- set site = make_intermediate_relation(relation) -%}
    {%- do drop_relation_if_exists(load_cached_relation(site)) -%}
    {{ return(site) }}
{%- endmacro %}


{% macro put_in_place(site, relation, existing) -%}
    {%- do drop_relation_if_exists(existing) -%}
    {%- do adapter.rename_relation(site, relation) -%}
{%- endmacro %}
