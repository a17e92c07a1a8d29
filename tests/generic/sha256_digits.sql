{#- Every value is a SHA-256 in hexadecimal digits. -#}
{% test sha256_digits(model, column_name) %}

select {{ column_name }}
from {{ model }}
where not {{ regexp_like("lower(trim(" ~ column_name ~ "))", "^[0-9a-f]{64}$") }}

{% endtest %}
