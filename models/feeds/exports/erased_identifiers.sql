-- One row per customer, as a hash, who is deleted at the source, and identifier, as a key, that the customer had before
-- its values were taken out of the row. Kept as long as the source says that the customer is deleted.
-- depends_on: {{ ref("left_identifiers") }}
{%- set before = earlier(this) %}
{%- set identifiers = earlier(this.incorporate(path={"identifier": "feed_identifiers"})) %}
{#- A table of an earlier form of the project has no keys. -#}
{%- if identifiers and "customer_hash" not in adapter.get_columns_in_relation(identifiers) | map(attribute="name") %}
    {%- set identifiers = none %}
{%- endif %}
with erased as (

    select distinct {{ key_hash(["customer_id"]) }} as customer_hash
    from {{ ref("raw_accounts") }}
    where standing = 'erased'

),

known as (

    {% if before -%}
    select
        customer_hash,
        identifier_key
    from {{ before }}
    {%- else -%}
    {{ no_rows({"customer_hash": hash_types().key_hash, "identifier_key": hash_types().key_hash}) }}
    {%- endif %}
    {%- if identifiers %}

    union
    {{ account_keys(["customer_hash"], identifiers) }}
    {%- endif %}

),

final as (

    select distinct
        known.customer_hash,
        known.identifier_key
    from known
    inner join erased on known.customer_hash = erased.customer_hash

)

select * from final
