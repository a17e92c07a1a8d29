{#- The materialization `refreshed`: a table of which a run replaces the rows of changed keys alone. The model's query
    gives the rows of those keys (`changed_only`); config.meta.refresh_key names the column that holds them, and
    config.meta.refresh_also is a condition on further rows that the query always gives. config.meta.refresh_date names
    the column of the as-of date in a table whose rows stand for themselves by date: then only dates since the first
    change are replaced (`changed_dates`; without a key, `changed_days`). In a full run (`is_full_run`) the query gives
    all rows and the table is built like any other.
    Replacing the same keys again changes nothing. A query that reads the table it fills says so in
    config.meta.reads_itself: its rows then wait until the old ones are gone. -#}
{% materialization refreshed, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- if is_full_run() -%}
        {{ return(materialization_table_duckdb()) }}
    {%- endif -%}
    {%- do must_be_there(existing) -%}
    {%- set target_relation = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set meta = config.get('meta') -%}
    {%- if meta.get('reads_itself') -%}
        {%- call statement('wait') -%}
            create or replace temp table {{ this.identifier }}__waiting as (
                {{ compiled_code }}
            )
        {%- endcall -%}
    {%- endif -%}
    {%- call statement('main') -%}
        delete from {{ target_relation }} where {{ replaced_rows() }};
        {%- if is_dated() %}
        delete from {{ target_relation }} where {{ is_past_date(meta['refresh_date']) }};
        {%- endif %}
        insert into {{ target_relation }} by name (
            {% if meta.get('reads_itself') %}from {{ this.identifier }}__waiting{% else %}{{ compiled_code }}{% endif %}
        )
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Tables of Parquet files cannot delete: the rows that stay are copied beside the new ones, and the whole is put in
    place like any other table. -#}
{% materialization refreshed, adapter='sparksession' %}
    {%- if is_full_run() -%}
        {{ return(materialization_table_sparksession()) }}
    {%- endif -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set grant_config = config.get('grants') -%}

    {{ run_hooks(pre_hooks) }}
    {%- set existing = sparksession_recover(target_relation) -%}
    {%- do must_be_there(existing) -%}
    {%- set columns = adapter.get_columns_in_relation(existing) | map(attribute='name') | list -%}
    {%- set meta = config.get('meta') -%}
    {%- set keys = ['subject', 'key_hash'] if meta.get('refresh_key') == 'key_hash' else ['key_hash'] -%}
    {%- set rows -%}
        {%- if is_dated() %}
        {{ dated_rows_to_keep(existing, columns, meta) }}
        {%- else %}
        {#- A join, as `not in` compares every row with every key where a key might be null. -#}
        select kept.{{ columns | join(', kept.') }}
        from {{ existing }} as kept
        left join (select distinct {{ keys | join(', ') }} from {{ changed_relation(meta['refresh_key']) }}) as replaced
            on {{ 'kept.key_hash' if keys | length > 1 else key_hash(['kept.' ~ meta['refresh_key']]) }} = replaced.key_hash
            {{ 'and kept.subject = replaced.subject' if keys | length > 1 }}
        where replaced.key_hash is null {{ 'and not (' ~ meta['refresh_also'] ~ ')' if meta.get('refresh_also') }}
        {%- endif %}
        union all
        select {{ columns | join(', ') }}
        from (
            {{ compiled_code }}
        ) as refreshed_rows
    {%- endset -%}
    {%- set site = sparksession_building_site(target_relation, existing) -%}
    {%- call statement('main') -%}
        {{ create_table_as(False, site, rows, 'sql') }}
    {%- endcall -%}
    {%- do sparksession_put_in_place(target_relation, existing) -%}

    {%- do apply_grants(target_relation, grant_config, should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- do persist_constraints(target_relation, model) -%}
    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- The rows of a table by as-of date that a run keeps; a join as well. -#}
{% macro dated_rows_to_keep(existing, columns, meta) -%}
    {%- set date = 'kept.' ~ meta['refresh_date'] -%}
    select kept.{{ columns | join(', kept.') }}
    from {{ existing }} as kept
    inner join {{ ref('as_of_dates') }} as dates on {{ date }} = dates.as_of_date
    {%- if meta.get('refresh_key') %}
    left join {{ ref('changed_since') }} as since on {{ key_hash(['kept.' ~ meta['refresh_key']]) }} = since.key_hash
    where
        (since.key_hash is null or {{ date }} < since.first_date)
        {{- ' and not dates.is_current' if is_full_scope(scope_of_layer()) }}
    {%- else %}
    where not {{ changed_days(date) }}
    {%- endif %}
{%- endmacro %}


{#- Tables before this one may hold the changed keys alone, so a missing table cannot be made from them. -#}
{% macro must_be_there(existing) -%}
    {%- if existing is none -%}
        {%- do end_run("Table " ~ this ~ ": expected it to be there, as this run works on changed customers alone, found "
            ~ "none. Build the whole project (`dbt build`): it notices the missing table and makes all of it.") -%}
    {%- endif -%}
{%- endmacro %}


{#- A condition: the rows that a run which is not full replaces. -#}
{% macro replaced_rows() -%}
    {%- set meta = config.get('meta') -%}
    {%- if is_dated() -%}
        {%- set date = meta['refresh_date'] -%}
        {{ changed_dates(meta['refresh_key'], date) if meta.get('refresh_key') else changed_days(date) }}
    {%- else -%}
        {{ is_changed(meta['refresh_key']) }}{{ ' or ' ~ meta['refresh_also'] if meta.get('refresh_also') }}
    {%- endif -%}
{%- endmacro %}


{#- A condition: the date is no longer looked at. Asked apart from the other one, which then looks up few customers. -#}
{% macro is_past_date(as_of_date) -%}
    {{ as_of_date }} not in (select dates.as_of_date from {{ ref('as_of_dates') }} as dates)
{%- endmacro %}
