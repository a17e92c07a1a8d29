{#- What people call a feature: its display name in vars.features, else its own name without underscores. -#}
{% macro feature_words(feature) -%}
    {{- return(display_settings("display_name").get(feature, feature | replace("_", " ")) | string | trim) -}}
{%- endmacro %}


{#- The same in SQL, for features that stand in a column. -#}
{% macro feature_words_of(column) -%}
    {%- set named = [] -%}
    {%- for feature, name in display_settings("display_name").items() -%}
        {%- do named.append(" when " ~ string_literal(feature) ~ " then " ~ string_literal(name | string | trim)) -%}
    {%- endfor -%}
    {%- set own = "replace(" ~ column ~ ", '_', ' ')" -%}
    {{- return("case " ~ column ~ named | join ~ " else " ~ own ~ " end" if named else own) -}}
{%- endmacro %}


{#- What people call a level of a feature, in SQL: the text in the column, unless vars.features names it otherwise. -#}
{% macro level_words(feature, column) -%}
    {%- set named = [] -%}
    {%- for level, name in display_settings("level_names").get(feature, {}).items() -%}
        {#- Of a boolean, YAML gives true and false themselves. -#}
        {%- set text = level | string | lower if level is boolean else level -%}
        {%- do named.append(" when " ~ string_literal(text) ~ " then " ~ string_literal(name | string | trim)) -%}
    {%- endfor -%}
    {{- return("case " ~ column ~ named | join ~ " else " ~ column ~ " end" if named else column) -}}
{%- endmacro %}


{#- The same for features that stand in a column. -#}
{% macro level_words_of(feature_column, level_column) -%}
    {%- set named = [] -%}
    {%- for feature in display_settings("level_names") -%}
        {%- do named.append(" when " ~ string_literal(feature) ~ " then " ~ level_words(feature, level_column)) -%}
    {%- endfor -%}
    {{- return("case " ~ feature_column ~ named | join ~ " else " ~ level_column ~ " end" if named else level_column) -}}
{%- endmacro %}


{#- One setting of vars.features by feature, of those that have it. What is no mapping is told by the configuration. -#}
{% macro display_settings(key) -%}
    {%- set found = {} -%}
    {%- set features = var("features") -%}
    {%- for feature, settings in (features.items() if features is mapping else []) -%}
        {%- set value = settings.get(key) if settings is mapping -%}
        {%- if value and (key != "level_names" or value is mapping) -%}
            {%- do found.update({feature: value}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
