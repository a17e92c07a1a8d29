{#- The materialization `learned`: a table of what is learned from everybody, or of what that is learned from. A run that
    learns (`learning_scope`) builds it like any other. In the runs after it a table with config.meta.stands stays as it
    is, a full refresh included. Any other one is emptied: whoever is learned from is not kept for longer than needed. -#}
{% materialization learned, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set stays = existing is not none and not is_learning() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if stays and config.get('meta', {}).get('stands') -%}
        {% call noop_statement('main', 'STANDS') %}-- stands as it was learned{% endcall %}
    {%- elif stays -%}
        {%- call statement('main') -%}
            delete from {{ existing }}
        {%- endcall -%}
    {%- else -%}
        {%- if model['language'] == 'sql' -%}
            {%- do replace_table(target_relation, existing) -%}
        {%- else -%}
            {%- set site = building_site(target_relation) -%}
            {%- call statement('main', language='python') -%}
                {{ create_table_as(False, site, compiled_code, 'python') }}
            {%- endcall -%}
            {%- do put_in_place(site, target_relation, existing) -%}
        {%- endif -%}
        {%- do apply_grants(target_relation, config.get('grants'), should_revoke(existing, full_refresh_mode=True)) -%}
        {%- do persist_docs(target_relation, model) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization learned, adapter='sparksession', supported_languages=['sql', 'python'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set grant_config = config.get('grants') -%}
    {%- set existing = sparksession_recover(target_relation) -%}
    {%- set stays = existing is not none and not is_learning() -%}

    {{ run_hooks(pre_hooks) }}
    {%- if stays and config.get('meta', {}).get('stands') -%}
        {% call noop_statement('main', 'STANDS') %}-- stands as it was learned{% endcall %}
    {%- else -%}
        {%- set site = sparksession_building_site(target_relation, existing) -%}
        {%- if stays -%}
            {#- The columns of which no row is written. -#}
            {%- do sparksession_create_table(site, adapter.get_columns_in_relation(existing)) -%}
            {% call noop_statement('main', 'EMPTIED') %}-- emptied{% endcall %}
        {%- else -%}
            {%- call statement('main', language=model['language']) -%}
                {{ create_table_as(False, site, compiled_code, model['language']) }}
            {%- endcall -%}
        {%- endif -%}
        {%- do sparksession_put_in_place(target_relation, existing) -%}
    {%- endif -%}

    {%- do apply_grants(target_relation, grant_config, should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Whether this run learns. The model refers to learning_scope for it. -#}
{% macro is_learning() -%}
    {{ return(is_full_scope(ref('learning_scope'))) }}
{%- endmacro %}
