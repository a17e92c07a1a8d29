-- One row per customer who is drawn for the hold-out group under another account: accounts of one email address, else
-- of one phone number, else of one name and postal code, are one person and are drawn together, under the first account
-- that the person had. All others are drawn under their own.
{%- set keys = [] %}
{%- for kind in identifier_kinds() %}
{%- do keys.append(kind ~ "_key") %}
{%- endfor %}
with persons as (

    select
        customer_id,
        signup_at,
        coalesce({{ keys | join(", ") }}) as person_key
    from {{ ref("feed_identifiers") }}
    where is_accepted

),

-- Most persons have one account: only the others are put in order.
several as (

    select person_key
    from persons
    where person_key is not null
    group by person_key
    having count(*) > 1

),

ordered as (

    select
        persons.customer_id,
        first_value(persons.customer_id) over (
            partition by persons.person_key
            order by persons.signup_at nulls last, persons.customer_id
        ) as drawn_as
    from persons
    inner join several on persons.person_key = several.person_key

),

final as (

    select
        customer_id,
        drawn_as
    from ordered
    where drawn_as <> customer_id

)

select * from final
