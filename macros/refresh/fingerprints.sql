{#- The MD5 of what the project's SQL says: every model and every macro. Edited code makes everything anew. -#}
{% macro code_fingerprint() -%}
    {%- set parts = [] -%}
    {%- for node in graph.get("nodes", {}).values() if node.resource_type == "model" and node.package_name == project_name -%}
        {%- do parts.append(node.name ~ node.checksum.checksum) -%}
    {%- endfor -%}
    {%- for name, code in context[project_name].items() -%}
        {%- do parts.append(name ~ local_md5(code.macro.macro_sql)) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | sort | join)) }}
{%- endmacro %}


{#- The MD5 of the variables that the inputs and features depend on, or (`later`) of those that come in after them.
    as_of_date is in neither: what it means is seen in the data. -#}
{% macro variables_fingerprint(later=false) -%}
    {%- set later_variables = [
        "feature_defaults", "features", "fit_sample_size", "random_seed", "advice", "audiences", "service",
        "offers", "segmentation_defaults", "segmentations",
    ] -%}
    {%- set early_variables = [
        "snapshot_period", "snapshot_count", "inputs", "attributes", "earliest_date", "earliest_birth_date",
        "cancelled_statuses", "non_product_codes", "test_accounts", "value",
    ] -%}
    {%- set values = {} -%}
    {%- for name in (later_variables if later else early_variables) -%}
        {%- do values.update({name: var(name)}) -%}
    {%- endfor -%}
    {{ return(local_md5(tojson(values, sort_keys=true))) }}
{%- endmacro %}


{#- The MD5 of the columns and types in which the inputs come: a text is judged otherwise than a number. -#}
{% macro types_fingerprint() -%}
    {%- set parts = [] -%}
    {%- for input in input_names() -%}
        {%- for column in adapter.get_columns_in_relation(ref("raw_" ~ input)) if execute -%}
            {%- do parts.append(input ~ "." ~ column.name ~ " " ~ column.data_type) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(local_md5(parts | join("; "))) }}
{%- endmacro %}


{#- The MD5 of the seeds that segments are named and graded by. -#}
{% macro seeds_fingerprint() -%}
    {%- set parts = [] -%}
    {%- for node in graph.get("nodes", {}).values() if node.resource_type == "seed" and node.config.schema == "reference" -%}
        {%- do parts.append(node.name ~ node.checksum.checksum) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | sort | join)) }}
{%- endmacro %}
