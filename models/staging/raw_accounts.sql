-- One row per row of customers that says whom an email, a phone number or a name and address belongs to: the accepted
-- row of a customer, a rejected row that refuses consent, and every row of a customer who is deleted at the source.
-- No table: what the source says of an erased customer is read where it is needed, and kept nowhere.
-- depends_on: {{ ref('resolved_configuration') }}
{%- set columns = ['email', 'phone', 'first_name', 'last_name', 'city', 'region', 'postal_code', 'country'] %}
{%- set families = raw_families('customers') %}
{%- set typed = [] %}
{%- for name in columns %}
{%- do typed.append(typed_value(name, 'string', families[name]) ~ ' as ' ~ name) %}
{%- endfor %}
with

accepted as (
    select
        customer_id,
        case
            when marketing_consent then 'consented'
            when not marketing_consent then 'refused'
            else 'not asked'
        end as standing,
        true as is_accepted,
        signup_at,
        {{ columns | join(',\n        ') }}
    from {{ ref('stg_customers') }}
),

-- The refusal of a row that is rejected for something else still counts, unless a later version of it was accepted, and
-- so does a deletion whose date cannot be read.
refusing as (
    select
        judged.customer_id,
        case when judged.reject_rule = 'unparsable_deletion' then 'erased' else 'refused' end as standing,
        false as is_accepted,
        judged.signup_at,
        judged.{{ columns | join(',\n        judged.') }}
    from {{ ref('stg_customers_checked') }} as judged
    left join {{ ref('stg_customers') }} as customers
        on judged.customer_id = customers.customer_id
    where
        judged.reject_rule <> 'deleted'
        and (
            judged.reject_rule = 'unparsable_deletion'
            or judged.marketing_consent = false
            -- What cannot be read is taken for a no.
            or (judged.marketing_consent is null and judged.reject_rule = 'unparsable_boolean')
        )
        and not coalesce(
            judged.updated_at < customers.updated_at,
            judged.loaded_at < customers.loaded_at,
            judged.arrival_number < customers.arrival_number,
            false
        )
),

erased_ids as (
    select distinct judged.customer_id
    from {{ ref('stg_customers_checked') }} as judged
    left join {{ ref('stg_customers') }} as customers on judged.customer_id = customers.customer_id
    where judged.reject_rule = 'deleted' and customers.customer_id is null
),

-- Of these staging keeps the id alone, so their rows are read from the source.
erased as (
    select
        erased_ids.customer_id,
        'erased' as standing,
        false as is_accepted,
        cast(null as {{ sql_type('timestamp') }}) as signup_at,
        {{ typed | join(',\n        ') }}
    from {{ ref('raw_customers') }} as source
    inner join erased_ids
        on {{ typed_value('customer_id', 'string', families['customer_id']) }} = erased_ids.customer_id
),

final as (
    select * from accepted
    union all
    select * from refusing
    union all
    select * from erased
)

select * from final
