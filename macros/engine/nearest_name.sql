{#- The candidate that is spelt most like a name, for error messages; none where there is no candidate. -#}
{% macro nearest_name(name, candidates) -%}
    {%- if not candidates -%}{{ return(none) }}{%- endif -%}
    {%- set wanted = string_literal(name | lower) -%}
    {%- set query -%}
        select candidate
        from (
            {%- for candidate in candidates %}
            select {{ string_literal(candidate) }} as candidate
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        ) as candidates
        order by
            levenshtein(replace(lower(candidate), '_', ''), replace({{ wanted }}, '_', '')),
            candidate
        limit 1
    {%- endset -%}
    {{ return(run_query(query).rows[0][0] | string) }}
{%- endmacro %}
