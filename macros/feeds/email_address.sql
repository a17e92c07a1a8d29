{#- An email address in lower case; null where the text is none. -#}
{% macro email_address(email) -%}
    case
        when {{ regexp_like("lower(trim(" ~ email ~ "))", "^[^@ ,;]+@[^@ ,;]+[.][^@ .,;]+$") }}
            then lower(trim({{ email }}))
    end
{%- endmacro %}


{#- Google delivers to one mailbox whatever dots stand before @gmail.com, and its customer match wants them dropped.
    A tag after a plus is kept. -#}
{% macro google_email(address) -%}
    case
        when split_part({{ address }}, '@', 2) in ('gmail.com', 'googlemail.com')
            then concat(replace(split_part({{ address }}, '@', 1), '.', ''), '@', split_part({{ address }}, '@', 2))
        else {{ address }}
    end
{%- endmacro %}
