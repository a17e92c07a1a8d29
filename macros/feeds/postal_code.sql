{#- A postal code in capitals, without what a spreadsheet has made of it: quotes, an equals sign, the fraction of a number. -#}
{% macro postal_text(postal_code) -%}
    {%- set plain -%}
        translate({{ upper_case(postal_code) }}, '０１２３４５６７８９‐‑‒–—−－ー', '0123456789--------')
    {%- endset -%}
    {%- set bare = "trim(both " ~ string_literal("=\"'`´‘’“” ") ~ " from " ~ plain ~ ")" -%}
    case
        when {{ regexp_like(postal_code, "^[0-9A-Z -]+$") }} then {{ postal_code }}
        else {{ regexp_replace_all(bare, "^([0-9]+)[.]0+$", "\\1") }}
    end
{%- endmacro %}


{#- A postal code that has the form of its country; null where it has not. The code of the country, or its first letter, and
    a dash before it go. -#}
{% macro postal_code(country_code, text) -%}
    {%- set pattern = postal_pattern() -%}
    {%- set bare = regexp_replace_all(text, "^[A-Z]+-", "") -%}
    case
        when {{ regexp_like("concat(" ~ country_code ~ ", ':', " ~ text ~ ")", pattern) }} then {{ text }}
        when
            ({{ text }} like concat({{ country_code }}, '-%') or {{ text }} like concat(substr({{ country_code }}, 1, 1), '-%'))
            and {{ regexp_like("concat(" ~ country_code ~ ", ':', " ~ bare ~ ")", pattern) }}
            then {{ bare }}
    end
{%- endmacro %}


{#- One regular expression on `country:code` for all countries: one that differed from row to row would be compiled for each.
    Where the table of countries is not there (linting, compiling), nothing matches. -#}
{% macro postal_pattern() -%}
    {%- set countries = ref("countries") -%}
    {%- set parts = [] -%}
    {%- if execute and adapter.get_relation(countries.database, countries.schema, countries.identifier) -%}
        {%- set query -%}
            select country_code, postal_pattern from {{ countries }} where postal_pattern is not null order by country_code
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do parts.append(row[0] ~ ":(" ~ row[1] ~ ")") -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return("^(" ~ (parts or ["-"]) | join("|") ~ ")$") -}}
{%- endmacro %}


{#- A postal code as Meta hashes it: lower case, no blanks and dashes; of an American one the first five digits, of a British
    one the area, the district and the sector
    (developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences, read in November 2026). -#}
{% macro meta_zip(country_code, postal_code) -%}
    {%- set plain = without_characters("lower(" ~ postal_code ~ ")", " -") -%}
    case
        when {{ country_code }} = 'US' then substr({{ plain }}, 1, 5)
        when {{ country_code }} = 'GB' and {{ postal_code }} not like 'BFPO%' then substr({{ plain }}, 1, length({{ plain }}) - 2)
        else {{ plain }}
    end
{%- endmacro %}


{#- Why there is no postal code; null where there is one. -#}
{% macro zip_problem() -%}
    case
        when postal_text is null then 'missing'
        when country_code is null then 'no country to read it by'
        when postal_code is null then 'not a postal code of its country'
    end
{%- endmacro %}
