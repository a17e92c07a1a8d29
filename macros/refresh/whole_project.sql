{#- The names of tables that a run refreshes in part, or of another materialization, but that are not there. -#}
{% macro missing_tables(materialized="refreshed") -%}
    {%- set missing = [] -%}
    {%- for node in graph.get("nodes", {}).values() if execute and node.config.materialized == materialized -%}
        {%- if not adapter.get_relation(node.database, node.schema, node.alias) -%}
            {%- do missing.append(node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(missing | sort | join(", ")) }}
{%- endmacro %}


{#- Whether this run builds every model. One that leaves some out leaves their part of the changes undone. -#}
{% macro is_whole_project() -%}
    {%- set left_out = [] -%}
    {%- for node in graph.get("nodes", {}).values() if node.resource_type == "model" and node.package_name == project_name -%}
        {%- if node.unique_id not in selected_resources -%}
            {%- do left_out.append(node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(not left_out) }}
{%- endmacro %}
