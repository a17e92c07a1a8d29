{#- A first name in lower case without forms of address before it, and a last name without suffixes after it, as Google wants
    them. A word that is all there is stays. The words are among nameparser's titles and suffixes, those left out that are
    names as well (Prince, Baron, Judge). -#}
{% macro without_titles(first_name) -%}
    {%- set titles = [
        "dr", "doctor", "fräulein", "frau", "herr", "hon", "madam", "madame", "miss", "mister", "mlle", "mme", "monsieur",
        "mr", "mrs", "ms", "mx", "prof", "professor", "rev", "reverend", "senhor", "senhora", "señor", "señora", "sir",
        "sr", "sra", "srta",
    ] -%}
    {{ regexp_replace_all(first_name, "^((" ~ titles | join("|") ~ ")[.]? +|(" ~ titles | join("|") ~ ")[.])+([^ .])", "\\4") }}
{%- endmacro %}


{% macro without_suffixes(last_name) -%}
    {%- set suffixes = ["esq", "esquire", "ii", "iii", "iv", "jnr", "jr", "md", "phd", "snr", "sr"] -%}
    {{ regexp_replace_all(last_name, "([^ ,])([ ,]+(" ~ suffixes | join("|") ~ ")[.]?)+$", "\\1") }}
{%- endmacro %}
