{#- The feature columns of a table and the catalogue say the same: each feature is there, with the kind that it has. -#}
{% test features_are_catalogued(model, catalogue) %}

with found as (

    {%- set features = feature_columns() %}
    {%- for kind, names in features.items() %}
    {%- for feature in names if feature not in var("attributes") %}
    select
        '{{ feature }}' as feature,
        {{ "true" if kind == "number" else "false" }} as is_number
    union all
    {%- endfor %}
    {%- endfor %}
    {{ no_rows({"feature": "string", "is_number": "boolean"}) }}

)

select
    catalogue.feature,
    catalogue.kind,
    found.feature as column_found,
    found.is_number
from {{ catalogue }} as catalogue
full outer join found on catalogue.feature = found.feature
where
    found.feature is null
    or catalogue.feature is null
    or found.is_number <> (catalogue.kind = 'number')
    -- {{ model }}

{% endtest %}
