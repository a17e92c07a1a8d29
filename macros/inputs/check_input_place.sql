{#- Sentences about an input's files or relation where they are not there, or are empty files. -#}
{% macro check_input_place(input) -%}
    {%- set problems = [] -%}
    {%- set setting = input_setting(input) -%}
    {%- set where = 'vars.inputs.' ~ input -%}
    {%- if setting.get('path') -%}
        {%- set endings = ('.parquet', '.csv', '.tsv', '.txt', '.csv.gz', '.tsv.gz', '.txt.gz') -%}
        {%- if not setting.path.lower().endswith(endings) -%}
            {%- do problems.append("Input " ~ input ~ ": " ~ setting.path ~ " is no file that can be read. Expected a name "
                ~ "or glob that ends in " ~ endings | join(', ') ~ ". Set " ~ where ~ ".path.") -%}
        {%- endif -%}
        {%- set files = file_listing(setting.path) -%}
        {%- if files is not none and not files -%}
            {%- do problems.append("Input " ~ input ~ ": no file matches " ~ setting.path ~ ". Expected at least one. A "
                ~ "relative path starts at the folder that dbt runs in. Set " ~ where ~ ".path.") -%}
        {%- endif -%}
        {%- for file in files or [] if file.size == 0 -%}
            {%- do problems.append("Input " ~ input ~ ": the file " ~ file.path ~ " is empty (0 bytes). Expected at least a "
                ~ "header with the column names. Write the file anew, or set " ~ where ~ ".path to leave it out.") -%}
        {%- endfor -%}
    {%- elif not input_relation(input) -%}
        {%- set name = setting.get('relation') or setting.get('ref') -%}
        {%- do problems.append("Input " ~ input ~ ": there is no table or view " ~ name ~ " in the warehouse. Expected it to "
            ~ "be there before the build. Set " ~ where ~ (".relation to schema.table." if setting.get('relation')
            else ".ref, or load it: dbt build --select +raw_" ~ input ~ ".")) -%}
    {%- endif -%}
    {{ return(problems) }}
{%- endmacro %}
