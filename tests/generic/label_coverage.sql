{#-
  Every current customer stands exactly once in every segmentation: with a segment if eligible, else with a reason.

  model: one row per segmentation and customer, with segment_id and reason.
  customers: the table of customers that must be covered, current rows marked by is_current.
  configuration: one row per segmentation, with uses_orders.
-#}
{% test label_coverage(model, customers, configuration) %}

with expected as (

    select
        configuration.segmentation,
        customers.customer_id,
        customers.has_purchased or not configuration.uses_orders as is_eligible
    from {{ customers }} as customers
    cross join {{ configuration }} as configuration
    where customers.is_current

),

labels as (

    select
        segmentation,
        customer_id,
        count(*) as label_rows,
        count(segment_id) as segments,
        count(reason) as reasons
    from {{ model }}
    group by segmentation, customer_id

),

judged as (

    select
        coalesce(expected.segmentation, labels.segmentation) as segmentation,
        coalesce(expected.customer_id, labels.customer_id) as customer_id,
        case
            when labels.customer_id is null then 'no row'
            when expected.customer_id is null then 'not a current customer'
            when labels.label_rows > 1 then 'more than one row'
            when labels.segments + labels.reasons <> 1 then 'neither a segment nor a reason, or both'
        end as problem
    from expected
    full outer join labels
        on expected.segmentation = labels.segmentation and expected.customer_id = labels.customer_id

)

select *
from judged
where problem is not null

{% endtest %}
