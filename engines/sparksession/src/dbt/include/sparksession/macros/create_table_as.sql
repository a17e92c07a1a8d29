{#- How a table is written. Parquet and the like: the table is created with its columns, then filled, so that the
    catalogue knows it before the first file is there and a killed build leaves nothing that cannot be dropped.
    Delta and Iceberg replace a table at once, by themselves. -#}
{% macro sparksession__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if language == 'python' -%}
        {{ compiled_code }}
        {{ py_write_target(temporary, relation) }}
    {%- elif temporary -%}
        {{ create_temporary_view(relation, compiled_code) }}
    {%- elif sparksession_replaces_at_once() -%}
        {{ spark__create_table_as(temporary, relation, compiled_code, language) }}
    {%- else -%}
        {%- if config.get('contract').enforced -%}
            {%- do get_assert_columns_equivalent(compiled_code) -%}
            {%- set compiled_code = get_select_subquery(compiled_code) -%}
            {#- The contract holds, so its types are those of the query, which need not be analysed once more. -#}
            {%- set columns = get_column_schema_from_query(get_empty_schema_sql(model.columns)) -%}
        {%- else -%}
            {%- set columns = get_column_schema_from_query(compiled_code) -%}
        {%- endif -%}
        {%- do sparksession_create_table(relation, columns) -%}
        insert into {{ relation }} ({{ columns | map(attribute='quoted') | join(', ') }})
        select * from (
        {{ compiled_code }}
        )
    {%- endif -%}
{%- endmacro %}


{#- An empty table with these columns, in the format and place that the model's configuration asks for. -#}
{% macro sparksession_create_table(relation, columns) -%}
    {%- call statement('create_empty_table') -%}
        create table {{ relation }} (
            {%- for column in columns %}
            {{ column.quoted }} {{ column.data_type if column.data_type != 'void' else 'string' }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) {{ sparksession_table_clauses(relation) }}
    {%- endcall -%}
{%- endmacro %}


{% macro sparksession_table_clauses(relation) -%}
    using {{ config.get('file_format', 'parquet') }}
    {{ options_clause() }}
    {{ partition_cols(label="partitioned by") }}
    {{ clustered_cols(label="clustered by") }}
    {%- if config.get('location_root') is not none %}
    {#- A table with a place of its own is not moved when it is renamed, so every build needs a new folder. #}
    location '{{ config.get('location_root') }}/{{ model['alias'] }}/{{ invocation_id }}'
    {%- endif %}
    {{ comment_clause() }}
    {{ tblproperties_clause() }}
{%- endmacro %}


{#- Whether the table's format swaps its content by itself. -#}
{% macro sparksession_replaces_at_once() -%}
    {{ return(config.get('file_format', 'parquet') in ['delta', 'iceberg']) }}
{%- endmacro %}


{#- The last line of a compiled Python model: where the adapter writes what the model returns. -#}
{% macro py_write_target(temporary, relation) -%}
    {%- set partitions = config.get('partition_by') or [] -%}
    {%- set columns = {} -%}
    {%- for name, column in model.columns.items() if column.data_type -%}
        {%- do columns.update({name: column.data_type}) -%}
    {%- endfor -%}
    {%- set target = {
        'relation': (relation.include(database=false, schema=false) if temporary else relation) | string,
        'is_temporary': temporary,
        'is_replaced_at_once': sparksession_replaces_at_once(),
        'file_format': config.get('file_format', 'parquet'),
        'clauses': sparksession_table_clauses(relation),
        'partition_by': [partitions] if partitions is string else partitions,
        'columns': columns,
    } %}
SPARKSESSION_TARGET = {{ tojson(tojson(target)) }}
{% endmacro %}
