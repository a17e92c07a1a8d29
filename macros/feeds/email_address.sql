{#- An email address out of a text in lower case, where what is to be done is certain: one that stands in angle brackets, in
    quotes or after `mailto:` is taken out of them, and blanks within go, as Google has it. -#}
{% macro bare_email(text) -%}
    {%- set in_brackets = regexp_replace_all(text, "^[^<>]*<([^<>]*)>[^<>]*$", "\\1") -%}
    {%- set in_link = regexp_replace_all(in_brackets, "^[^:]*mailto:([^?]*)([?].*)?$", "\\1") -%}
    case
        when {{ regexp_like(text, "^[a-z0-9._+-]*@[a-z0-9.-]*$") }} then {{ text }}
        else trim(both {{ string_literal("\"'`´‘’“”") }} from replace({{ in_link }}, ' ', ''))
    end
{%- endmacro %}


{#- An email address in lower case; null where the text is none. The rules are those of email-validator's syntax check,
    quoted local parts and addresses of numbers left out: dots separate, labels of a domain neither begin nor end with a
    dash, the last one ends with a letter, and names that RFC 2606 and others keep from delivery are no domains. -#}
{% macro email_address(text) -%}
    {%- set wide = "À-ῼⰀ-퟿" -%}
    {%- set local = "[a-z0-9_!#$%&'*+/=?^`{|}~" ~ wide ~ "-]+" -%}
    {%- set label = "[a-z0-9" ~ wide ~ "]([a-z0-9" ~ wide ~ "-]*[a-z0-9" ~ wide ~ "])?" -%}
    {%- set last_label = "[a-z0-9" ~ wide ~ "][a-z0-9" ~ wide ~ "-]*[a-z" ~ wide ~ "]" -%}
    case
        when
            {{ regexp_like(text, "^" ~ local ~ "([.]" ~ local ~ ")*@(" ~ label ~ "[.])+" ~ last_label ~ "$") }}
            and not {{ regexp_like(text, "[@.](arpa|invalid|local|localhost|onion|test)$") }}
            and length({{ text }}) <= 254
            and length(split_part({{ text }}, '@', 1)) <= 64
            then {{ text }}
    end
{%- endmacro %}


{#- Google delivers to one mailbox whatever dots stand before @gmail.com and whatever stands after a plus, and its customer
    match wants both dropped; at other domains they are kept
    (developers.google.com/data-manager/api/devguides/concepts/formatting, read in November 2026). -#}
{% macro google_email(address) -%}
    {%- set mailbox = "replace(split_part(split_part(" ~ address ~ ", '@', 1), '+', 1), '.', '')" -%}
    {%- set domain = "split_part(" ~ address ~ ", '@', 2)" -%}
    case
        when {{ domain }} not in ('gmail.com', 'googlemail.com') then {{ address }}
        when {{ mailbox }} <> '' then concat({{ mailbox }}, '@', {{ domain }})
    end
{%- endmacro %}


{#- Why there is no email address; null where there is one. -#}
{% macro email_problem() -%}
    case
        when email is null then 'missing'
        when email_address is null then 'not an address'
    end
{%- endmacro %}
