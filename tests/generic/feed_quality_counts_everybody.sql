{#-
  Holds for a table like feed_quality where, per platform and audience, its members add up to the customers who are in
  the audience now, each identifier to those of them who have consented, and no empty column of theirs in staging goes
  uncounted.

  customers, audiences: tables like stg_customers and audience_members.
-#}
{% test feed_quality_counts_everybody(model, customers, audiences) %}
{%- set is_missing = {
    "email": "email is null", "phone": "phone is null", "name": "first_name is null or last_name is null",
    "zip": "postal_code is null", "country": "country is null",
} %}
with members as (

    select
        audiences.segmentation,
        audiences.segment_id,
        customers.*
    from {{ audiences }} as audiences
    inner join {{ customers }} as customers on audiences.customer_id = customers.customer_id
    where audiences.is_current

),

expected as (

    select
        segmentation,
        segment_id,
        'member' as subject,
        count(*) as customers,
        0 as missing
    from members
    group by segmentation, segment_id

    {%- for subject, condition in is_missing.items() %}
    union all
    select
        segmentation,
        segment_id,
        '{{ subject }}' as subject,
        count(*) as customers,
        count_if({{ condition }}) as missing
    from members
    where marketing_consent
    group by segmentation, segment_id
    {%- endfor %}

),

platforms as (

    select 'google' as platform
    union all
    select 'meta' as platform

),

found as (

    select
        platform,
        segmentation,
        segment_id,
        subject,
        sum(customers) as customers,
        sum(case when outcome = 'missing' then customers else 0 end) as missing
    from {{ model }}
    group by platform, segmentation, segment_id, subject

)

select
    coalesce(found.platform, expected.platform) as platform,
    coalesce(found.segmentation, expected.segmentation) as segmentation,
    coalesce(found.segment_id, expected.segment_id) as segment_id,
    coalesce(found.subject, expected.subject) as subject,
    found.customers as customers_found,
    expected.customers as customers_expected,
    found.missing as missing_found,
    expected.missing as missing_expected
from found
full outer join (
    select
        platforms.platform,
        expected.*
    from expected
    cross join platforms
) as expected
    on
        found.platform = expected.platform
        and found.segmentation = expected.segmentation
        and found.segment_id = expected.segment_id
        and found.subject = expected.subject
where
    found.customers is distinct from expected.customers
    -- A column may hold marks of which nothing is left.
    or coalesce(found.missing, 0) < expected.missing

{% endtest %}
