{#- A number by which two accounts with the same identifier find each other; null where a part of it is missing. kind keeps
    an email apart from a phone number. Like every key_hash it is no hash that a platform would know. -#}
{% macro identifier_key(kind, columns) -%}
    case
        when {{ columns | join(" is not null and ") }} is not null
            then {{ key_hash(["'" ~ kind ~ "'"] + columns) }}
    end
{%- endmacro %}


{#- One row per account row and identifier that it has, from feed_identifiers: its key and the given columns.
    condition: on the rows of feed_identifiers. -#}
{% macro account_keys(columns, relation, condition="true") -%}
    {%- for kind in identifier_kinds() %}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        {{ kind }}_key as identifier_key
    from {{ relation }}
    where {{ kind }}_key is not null and {{ condition }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- What identifies somebody to a platform, the surest first: a name and a postal code count together. -#}
{% macro identifier_kinds() -%}
    {{- return(["email", "phone", "name"]) -}}
{%- endmacro %}
