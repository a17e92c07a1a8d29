{#- Every accepted customer has exactly one current row of features, and nobody else has one. -#}
{% test every_customer_has_current_features(model, customers) %}

select coalesce(customers.customer_id, features.customer_id) as customer_id
from {{ customers }} as customers
full outer join (
    select customer_id
    from {{ model }}
    where is_current
) as features on customers.customer_id = features.customer_id
where customers.customer_id is null or features.customer_id is null

{% endtest %}
