{#- Whatever an engine must do once before read_files can read the files of an input. setting: what vars.inputs says of
    it. -#}
{% macro register_files(path, setting) -%}
    {{ return(adapter.dispatch('register_files')(path, setting)) }}
{%- endmacro %}

{#- An external table over the files: it holds no data, and is made anew by every build because the columns may have
    changed. Columns of Parquet files are matched by name. Those of CSV files are matched by place, so files of one
    glob must have one header: another one stops the build instead of filling the wrong columns. So does a line with
    another number of values, which Spark notices only where it reads all columns (columnPruning). -#}
{% macro sparksession__register_files(path, setting) -%}
    {%- set relation = files_relation(path) -%}
    {%- set place = string_literal(adapter.absolute_path(path)) -%}
    {%- do run_query('create schema if not exists ' ~ relation.schema) -%}
    {%- do run_query('drop table if exists ' ~ relation) -%}
    {%- if path.lower().endswith('.parquet') -%}
        {%- do run_query("create table " ~ relation ~ " using parquet options (path " ~ place
            ~ ", mergeSchema 'true')") -%}
    {%- else -%}
        {%- set names = setting.get('header') if setting.get('header') is sequence else [] -%}
        {%- set columns = [] -%}
        {%- for name in names -%}
            {%- do columns.append(quoted_name(name) ~ ' string') -%}
        {%- endfor -%}
        {#- No quote at all is the character of code 0, which no value has. -#}
        {%- set quote = string_literal('"' if setting.get('quote') is none else setting.quote or '\u0000') -%}
        {%- do run_query("create table " ~ relation ~ (" (" ~ columns | join(', ') ~ ")" if columns else "")
            ~ " using csv options (path " ~ place ~ ", header '" ~ ('false' if columns else 'true') ~ "', quote " ~ quote
            ~ ", escape " ~ quote ~ ", encoding "
            ~ string_literal({'latin-1': 'ISO-8859-1'}.get(setting.get('encoding'), 'UTF-8'))
            ~ ", multiLine 'true', mode 'FAILFAST', columnPruning 'false', enforceSchema '"
            ~ ('true' if columns else 'false') ~ "', sep "
            ~ string_literal(setting.get('delimiter') or delimiter_of_files(path)) ~ ")") -%}
    {%- endif -%}
{%- endmacro %}

{% macro default__register_files(path, setting) -%}
{%- endmacro %}


{#- The table that stands for a file or glob, named by its path. -#}
{% macro files_relation(path) -%}
    {{ return(api.Relation.create(
        database=none, schema='input_files', identifier='files_' ~ local_md5(path)[:12], type='table'
    )) }}
{%- endmacro %}


{#- What separates the columns of CSV files: of the usual ones, that which occurs most often in the first line outside of
    quotes; in .tsv a tab, where there is one. -#}
{% macro delimiter_of_files(path) -%}
    {%- set query -%}
        select delimiter
        from (
            select regexp_replace(value, '"[^"]*"', '') as value
            from text.`{{ adapter.absolute_path(path) }}`
            limit 1
        ) as first_line
        lateral view explode(array(',', ';', '\t', '|')) as delimiter
        order by
            {% if path.lower().endswith(('.tsv', '.tsv.gz')) -%} (delimiter = '\t' and contains(value, '\t')) desc, {%- endif %}
            length(value) - length(replace(value, delimiter, '')) desc,
            delimiter
        limit 1
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {{ return(rows[0][0] if rows else ',') }}
{%- endmacro %}
