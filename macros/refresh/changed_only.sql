{#- A condition: the row belongs to what this run works on. True for every row where the layer of the model is whole.
    column: customer_id, order_id or member_key, or an expression that gives one, with its table's name where that is needed. -#}
{% macro changed_only(column) -%}
    {%- set condition = is_changed(column) -%}
    {%- set scope = scope_of_layer() -%}
    {{ 'true' if is_full_scope(scope) and not (is_lasting() and has_new_day(scope)) else condition }}
{%- endmacro %}


{#- A condition: the key is one of those that changed since the last published run. key: whose key the expression is,
    where its name does not say it. -#}
{% macro is_changed(expression, key=none) -%}
    {%- set relation = changed_relation(key or expression) -%}
    {%- if expression == 'key_hash' -%}
        (subject, key_hash) in (select subject, key_hash from {{ relation }})
    {%- else -%}
        {{ key_hash([expression]) }} in (select key_hash from {{ relation }})
    {%- endif -%}
{%- endmacro %}


{#- The table that lists which keys have changed: of orders, customers, customers as feeds see them, who share identifiers,
    or members of feeds, or of all subjects for a `key_hash`. -#}
{% macro changed_relation(key) -%}
    {%- if key == 'key_hash' -%}
        {{ return(ref('changed_keys')) }}
    {%- endif -%}
    {%- if key == 'member_key' -%}
        {{ return(ref('changed_members')) }}
    {%- endif -%}
    {%- if layer_of_model() == 'exports' and key.endswith('customer_id') -%}
        {{ return(ref('changed_accounts')) }}
    {%- endif -%}
    {{ return(ref(('recent_' if is_lasting() else 'changed_') ~ ('orders' if key.endswith('order_id') else 'customers'))) }}
{%- endmacro %}


{#- Whether the model is a lasting table, in a folder of that name: one whose rows another day leaves as they are. On a new
    day of the same period only what has happened since the period began goes by another date. -#}
{% macro is_lasting() -%}
    {{ return('lasting' in model.fqn) }}
{%- endmacro %}


{#- The layer that the model belongs to. -#}
{% macro layer_of_model() -%}
    {{ return({
        'audience_members': 'exports',
        'customer_recommendations': 'baskets',
        'fct_customer_value': 'value',
        'feed_changes': 'exports',
        'feed_google_customer_match': 'exports',
        'feed_meta_custom_audiences': 'exports',
        'service_customer_tiers': 'value',
    }.get(model.name, 'exports' if 'exports' in model.fqn else model.fqn[1])) }}
{%- endmacro %}


{#- The scope of that layer. -#}
{% macro scope_of_layer() -%}
    {{ return(ref({
        'staging': 'refresh_scope',
        'refresh': 'refresh_scope',
        'features': 'feature_scope',
        'exports': 'export_scope',
        'baskets': 'score_scope' if is_lasting() else 'application_scope',
        'value': 'feature_scope' if is_lasting() else 'application_scope',
    }.get(layer_of_model(), 'score_scope'))) }}
{%- endmacro %}


{#- Whether the table of the model that asks is replaced by this run, and not a part of its rows. -#}
{% macro is_full_run() -%}
    {%- set scope = scope_of_layer() -%}
    {{ return(is_full_scope(scope) and not ((is_dated() or is_lasting()) and has_new_day(scope))) }}
{%- endmacro %}


{#- Where the scope is not known (linting, compiling), everything is built. -#}
{% macro is_full_scope(scope) -%}
    {{ return(flag_of_scope(scope, 'is_full', true)) }}
{%- endmacro %}


{#- Whether one date is new to everybody, the current one, and that one alone. -#}
{% macro has_new_day(scope) -%}
    {{ return(is_full_scope(scope) and flag_of_scope(scope, 'keeps_past', false)) }}
{%- endmacro %}


{% macro flag_of_scope(scope, flag, otherwise) -%}
    {%- if not execute or not adapter.get_relation(scope.database, scope.schema, scope.identifier) -%}
        {{ return(otherwise) }}
    {%- endif -%}
    {{ return(run_query('select ' ~ flag ~ ' from ' ~ scope).rows[0][0]) }}
{%- endmacro %}
