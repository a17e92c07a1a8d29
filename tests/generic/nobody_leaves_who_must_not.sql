{#-
  Holds for a feed of a platform where every identifier in it belongs to somebody who may be sent. Judged on the feed
  itself, from staging, and by none of the columns that decide in the feed's own models: what left is traced to the
  accounts that it is of, and from their plain email, phone, or name and postal code to all accounts that have the same.
  Values are compared as 64-bit hashes: a million members take seconds.

  model: a feed, with hashed identifiers. platform: whose spelling of identifiers it has. zip: its column of the postal
  code. minimum_size: of an audience. The others are tables like those that they are named after.
-#}
{% test nobody_leaves_who_must_not(
    model, platform, zip, minimum_size, identifiers, customers, source_rows, rejected, audiences, suppressed
) %}
{%- set string = dbt.type_string() %}
{#- Of each kind: the columns of the feed, those of the table of identifiers, and the values in plain. -#}
{%- set kinds = {
    "email": (["email_sha256"], [platform ~ "_email_sha256"], ["lower(trim(email))"]),
    "phone": (["phone_sha256"], [platform ~ "_phone_sha256"], ["trim(phone)", "upper(coalesce(country, ''))"]),
    "name": (
        ["first_name_sha256", "last_name_sha256", zip],
        [platform ~ "_first_name_sha256", platform ~ "_last_name_sha256", platform ~ "_" ~ zip],
        ["lower(trim(first_name))", "lower(trim(last_name))", "lower(trim(postal_code))"],
    ),
} %}
{%- set plain_columns = ["email", "phone", "first_name", "last_name", "postal_code", "country"] %}
with sent as (

    {%- for kind, (columns, _, _) in kinds.items() %}
    select distinct
        segmentation,
        '{{ kind }}' as kind,
        {{ key_hash(columns) }} as value_hash
    from {{ model }}
    where {{ columns | join(" is not null and ") }} is not null
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

accounts as (

    select
        identifiers.*,
        customers.marketing_consent,
        customers.{{ plain_columns | join(",\n        customers.") }}
    from {{ identifiers }} as identifiers
    left join {{ customers }} as customers on identifiers.customer_id = customers.customer_id

),

owners as (

    {%- for kind, (_, columns, plain) in kinds.items() %}
    select
        marketing_consent,
        '{{ kind }}' as kind,
        {{ key_hash(columns) }} as value_hash,
        {{ key_hash(plain) }} as plain_hash
    from accounts
    where {{ columns | join(" is not null and ") }} is not null
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

erased_ids as (

    select rejected.record_key
    from {{ rejected }} as rejected
    left join {{ customers }} as customers on rejected.record_key = customers.customer_id
    where rejected.input = 'customers' and rejected.rule = 'deleted' and customers.customer_id is null

),

forbidden_accounts as (

    select
        cast(null as {{ string }}) as segmentation,
        'refused' as problem,
        {{ plain_columns | join(",\n        ") }}
    from {{ customers }}
    where marketing_consent = false

    union all

    select
        cast(null as {{ string }}) as segmentation,
        'erased' as problem,
        {%- for column in plain_columns %}
        cast({{ column }} as {{ string }}) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ source_rows }}
    where trim(cast(customer_id as {{ string }})) in (select erased_ids.record_key from erased_ids)

    union all

    select
        held_out.segmentation,
        'held out' as problem,
        customers.{{ plain_columns | join(",\n        customers.") }}
    from {{ customers }} as customers
    inner join (
        select distinct
            segmentation,
            customer_id
        from {{ audiences }}
        where is_holdout
    ) as held_out on customers.customer_id = held_out.customer_id

),

forbidden as (

    {%- for kind, (_, _, plain) in kinds.items() %}
    select
        segmentation,
        problem,
        '{{ kind }}' as kind,
        {{ key_hash(plain) }} as plain_hash
    from forbidden_accounts
    where {{ plain | join(" is not null and ") }} is not null
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

suppressed as (

    {%- for kind in kinds if kind != "name" %}
    select
        '{{ kind }}' as kind,
        {{ key_hash(["lower(trim(identifier_sha256))"]) }} as value_hash
    from {{ suppressed }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

problems as (

    select
        sent.segmentation,
        sent.kind,
        'of no accepted customer' as problem
    from sent
    left join owners on sent.kind = owners.kind and sent.value_hash = owners.value_hash
    where owners.value_hash is null

    union all

    select
        sent.segmentation,
        sent.kind,
        'has not consented' as problem
    from sent
    inner join owners on sent.kind = owners.kind and sent.value_hash = owners.value_hash
    where owners.marketing_consent is distinct from true

    union all

    select
        sent.segmentation,
        sent.kind,
        forbidden.problem
    from forbidden
    inner join owners on forbidden.kind = owners.kind and forbidden.plain_hash = owners.plain_hash
    inner join sent
        on
            owners.kind = sent.kind
            and owners.value_hash = sent.value_hash
            and sent.segmentation = coalesce(forbidden.segmentation, sent.segmentation)

    union all

    select
        sent.segmentation,
        sent.kind,
        'suppressed' as problem
    from sent
    inner join suppressed on sent.kind = suppressed.kind and sent.value_hash = suppressed.value_hash

    union all

    select
        segmentation,
        'member' as kind,
        'no usable identifier' as problem
    from {{ model }}
    where {% for columns, _, _ in kinds.values() -%}
        ({{ columns | join(" is null or ") }} is null){{ " and " if not loop.last }}
        {%- endfor %}

    union all

    select
        feed.segmentation,
        'audience' as kind,
        'too small' as problem
    from (
        select distinct
            segmentation,
            segment_id
        from {{ model }}
    ) as feed
    left join {{ audiences }} as audiences
        on
            feed.segmentation = audiences.segmentation
            and feed.segment_id = audiences.segment_id
            and audiences.is_current
    group by feed.segmentation, feed.segment_id
    having count(audiences.customer_id) < {{ minimum_size }}

)

select
    segmentation,
    kind,
    problem,
    count(*) as identifiers
from problems
group by segmentation, kind, problem
{% endtest %}
