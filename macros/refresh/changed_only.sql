{#- A condition: the row belongs to what this run works on. True for every row of a full run.
    column: customer_id or order_id, or an expression that gives one, with its table's name where that is needed. -#}
{% macro changed_only(column) -%}
    {%- set condition = is_changed(column) -%}
    {{ 'true' if is_full_run() else condition }}
{%- endmacro %}


{#- A condition: the key is one of those that changed since the last published run. key: whose key the expression is,
    where its name does not say it. -#}
{% macro is_changed(expression, key=none) -%}
    {%- if expression == 'key_hash' -%}
        (subject, key_hash) in (select subject, key_hash from {{ ref('changed_keys') }})
    {%- else -%}
        {%- set is_order = (key or expression).endswith('order_id') -%}
        {{ key_hash([expression]) }} in (select key_hash from {{ ref('changed_orders' if is_order else 'changed_customers') }})
    {%- endif -%}
{%- endmacro %}


{#- Whether the model that asks is built whole by this run. Each layer has a scope of its own: see layer_scope. -#}
{% macro is_full_run() -%}
    {%- set layer = model.fqn[1] if model.name != 'feed_candidates' else 'exports' -%}
    {%- set scope = ref({
        'staging': 'refresh_scope',
        'refresh': 'refresh_scope',
        'features': 'feature_scope',
        'value': 'feature_scope',
        'exports': 'export_scope',
    }.get(layer, 'score_scope')) -%}
    {{ return(is_full_scope(scope)) }}
{%- endmacro %}


{#- Where the scope is not known (linting, compiling), everything is built. -#}
{% macro is_full_scope(scope) -%}
    {%- if not execute or not adapter.get_relation(scope.database, scope.schema, scope.identifier) -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(run_query('select is_full from ' ~ scope).rows[0][0]) }}
{%- endmacro %}
