{#-
  The features that a rule set reads: its words, but for the constants in quotes and the keywords of the grammar. The
  configuration was proved before any model runs, so every word that is left is a feature.
-#}
{% macro rule_features(segments) -%}
    {%- set keywords = ["and", "or", "not", "in", "between", "is", "null", "true", "false"] -%}
    {%- set found = [] -%}
    {%- for segment in segments -%}
        {%- set bare = modules.re.sub("'(?:[^']|'')*'", " ", segment["when"]) -%}
        {%- for word in modules.re.findall("[A-Za-z_][A-Za-z0-9_]*", bare) -%}
            {%- if word | lower not in keywords and word not in found -%}
                {%- do found.append(word) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
