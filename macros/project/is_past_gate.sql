{#- A condition: whether what is built now has passed the publication gate. `dbt run` tests nothing, so nothing of it is
    past the gate. Any other run must have built everything that follows from the inputs, tests included, or go on with
    the one that did (`dbt retry`): else it would keep what an earlier one refused.
    Nothing that dbt says tells a retry: its command is `build`. But it alone has the words of the build before it and
    leaves out the scope that such a build begins with. That build must have come to its end, for of one that was killed
    dbt knows nothing: a retry then goes on with the one before.
    gate: a relation or CTE of publication_gate. scope_column: what that run must have built: everything, or for
    `reaches_gate` all that the gate rests on. -#}
{% macro is_past_gate(gate, scope_column="is_complete") -%}
    {%- set scope = ref("refresh_scope") -%}
    {%- set ended = earlier(scope.incorporate(path={"identifier": "ended_build"})) -%}
    {%- if flags.WHICH == "run" -%}
        false
    {%- else -%}
        {{ gate }}.invocation_id = (
            select max(scope.invocation_id)
            from {{ scope }} as scope
            where
                scope.{{ scope_column }}
                and (
                    scope.invocation_id = '{{ invocation_id }}'
                    {%- if ended and words_of_run() %}
                    or (
                        scope.words = '{{ words_of_run() }}'
                        and scope.invocation_id in (select ended.invocation_id from {{ ended }} as ended)
                    )
                    {%- endif %}
                )
        )
    {%- endif -%}
{%- endmacro %}


{#- The MD5 of the words that say which models a run builds, of what and how; empty where the same words may mean something
    else the next time. -#}
{% macro words_of_run() -%}
    {%- set words = {} -%}
    {%- for name in [
        "which", "select", "exclude", "selector", "resource_types", "exclude_resource_types", "indirect_selection",
        "full_refresh", "vars",
    ] -%}
        {%- do words.update({name: invocation_args_dict.get(name) or ""}) -%}
    {%- endfor -%}
    {%- set told = tojson(words, sort_keys=true) -%}
    {%- set is_by_state = words.selector or modules.re.search("(state|result|source_status):", told) -%}
    {{ return("" if is_by_state else local_md5(told)) }}
{%- endmacro %}


{#- Called when everything has ended: notes that the build which wrote the scope of the inputs was not killed. -#}
{% macro note_end_of_build(results) -%}
    {%- for result in results if result.node.name == "refresh_scope" and result.status == "success" -%}
        {%- set scope = adapter.get_relation(result.node.database, result.node.schema, result.node.alias) -%}
        create or replace view {{ scope.incorporate(path={"identifier": "ended_build"}, type="view") }}
        as select '{{ invocation_id }}' as invocation_id
    {%- endfor -%}
{%- endmacro %}


{#- Called before publication: ends a run that was to publish and may not, so that nobody takes it for done. `dbt run` is
    told that it publishes nothing, unless that was asked of it by name. -#}
{% macro must_be_past_gate() -%}
    {%- set query -%}
        select count(*) from {{ ref("publication_gate") }} as gate where {{ is_past_gate("gate") }}
    {%- endset -%}
    {%- if execute and not run_query(query).rows[0][0] -%}
        {%- set asked_for = (invocation_args_dict.get("select") or []) | join(" ") -%}
        {%- if flags.WHICH == "run" and "publication" not in asked_for -%}
            {%- do exceptions.warn("Nothing is published: `dbt run` tests nothing. What was published stays as it was; "
                ~ "`dbt build` builds, tests and publishes.") -%}
        {%- else -%}
            {%- do end_run("Nothing is published: " ~ (
                "`dbt run` tests nothing"
                if flags.WHICH == "run" else
                "this run builds less than what follows from an input, so what stands in the other tables may be what "
                ~ "an earlier build refused or never finished"
            ) ~ ". What was published stays as it was. Expected a build of everything (`dbt build`), of all that follows "
                ~ "from some inputs (`dbt build --select raw_orders+`), or `dbt retry` of such a build, with the same "
                ~ "variables and nothing run in between; to build a part without publishing it, leave publication out "
                ~ "(`--exclude publication.publication+`).") -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
