{% materialization table, adapter='sparksession', supported_languages=['sql', 'python'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set grant_config = config.get('grants') -%}

    {{ run_hooks(pre_hooks) }}

    {%- set existing = sparksession_recover(target_relation) -%}
    {%- set site = sparksession_building_site(target_relation, existing) -%}
    {#- dbt lets a statement run Python only where it stands in the materialization itself. -#}
    {%- call statement('main', language=model['language']) -%}
        {{ create_table_as(False, site, compiled_code, model['language']) }}
    {%- endcall -%}
    {%- do sparksession_put_in_place(target_relation, existing) -%}

    {%- do apply_grants(target_relation, grant_config, should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- do persist_constraints(target_relation, model) -%}

    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- As in dbt-spark, but for two things: a table that is built anew is built beside and swapped, and the new rows of
    a Python model wait in a temporary view, because the session is one and the same. -#}
{% materialization incremental, adapter='sparksession', supported_languages=['sql', 'python'] %}
    {%- set file_format = dbt_spark_validate_get_file_format(config.get('file_format', default='parquet')) -%}
    {%- set strategy = dbt_spark_validate_get_incremental_strategy(
        config.get('incremental_strategy') or 'append', file_format
    ) -%}
    {%- set predicates = config.get('predicates') or config.get('incremental_predicates') -%}
    {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
    {%- set language = model['language'] -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set grant_config = config.get('grants') -%}
    {%- set existing = sparksession_recover(target_relation) -%}

    {%- if strategy in ['insert_overwrite', 'microbatch'] and config.get('partition_by') -%}
        {%- call statement() -%}
            set spark.sql.sources.partitionOverwriteMode = DYNAMIC
        {%- endcall -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks) }}

    {%- if existing is none or existing.is_view or should_full_refresh() -%}
        {%- set site = sparksession_building_site(target_relation, existing) -%}
        {%- call statement('main', language=language) -%}
            {{ create_table_as(False, site, compiled_code, language) }}
        {%- endcall -%}
        {%- do sparksession_put_in_place(target_relation, existing) -%}
        {%- do persist_constraints(target_relation, model) -%}
    {%- else -%}
        {%- set new_rows = target_relation.incorporate(
            path={'identifier': target_relation.identifier ~ '__dbt_tmp'}
        ).include(database=false, schema=false) -%}
        {%- call statement('create_new_rows', language=language) -%}
            {{ create_table_as(True, new_rows, compiled_code, language) }}
        {%- endcall -%}
        {%- do process_schema_changes(on_schema_change, new_rows, existing) -%}
        {%- call statement('main') -%}
            {{ dbt_spark_get_incremental_sql(
                strategy, new_rows, target_relation, existing, config.get('unique_key'), predicates
            ) }}
        {%- endcall -%}
        {%- call statement('drop_new_rows') -%}
            drop view if exists {{ new_rows }}
        {%- endcall -%}
    {%- endif -%}

    {%- do apply_grants(target_relation, grant_config, should_revoke(existing, should_full_refresh())) -%}
    {%- do persist_docs(target_relation, model) -%}

    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
