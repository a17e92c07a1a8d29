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


{#- Whether this run builds everything that follows from the inputs, or all of it that a model rests on. One that leaves
    some of it out leaves its part of the changes undone. What the model that asks looks at itself - configuration and raw
    views - may stand from an earlier run, and so may what rests on no input, such as a table made from a seed.
    In a retry `selected_resources` is empty. Where it writes the scope anew, the build that it goes on with has not come so
    far, and all that was to follow is done now: everything, where that build named no selection. -#}
{% macro is_complete_run(until=none) -%}
    {%- if execute and not selected_resources -%}
        {%- set words = invocation_args_dict -%}
        {{ return(not (words.select or words.exclude or words.selector or words.resource_types)) }}
    {%- endif -%}
    {%- set left_out = [] -%}
    {%- for name in (ancestors_of(until) if until else graph.get("nodes", {}) | list) if name not in model.depends_on.nodes -%}
        {%- set node = graph.nodes[name] -%}
        {%- set is_ours = node.resource_type == "model" and node.package_name == model.package_name -%}
        {%- if is_ours and node.config.materialized != "ephemeral" and name not in selected_resources -%}
            {%- if rests_on_inputs(node.name) -%}
                {%- do left_out.append(name) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(not left_out) }}
{%- endmacro %}


{#- Whether the raw view of some input is among what a model rests on. -#}
{% macro rests_on_inputs(name) -%}
    {%- set views = [] -%}
    {%- for input in input_names() -%}
        {%- do views.append("raw_" ~ input) -%}
    {%- endfor -%}
    {%- for ancestor in ancestors_of(name) if graph.nodes[ancestor].name in views -%}
        {{ return(true) }}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}


{#- The ids of all nodes that a model of the project rests on, and its own. -#}
{% macro ancestors_of(name) -%}
    {%- set found = ["model." ~ model.package_name ~ "." ~ name] if execute else [] -%}
    {#- The list grows while it is walked. -#}
    {%- for child in found -%}
        {%- for parent in graph.nodes[child].depends_on.nodes if parent in graph.nodes and parent not in found -%}
            {%- do found.append(parent) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
