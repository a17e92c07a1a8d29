-- One row per segmentation and identifier, as a key, that must not leave for audiences of that segmentation, with the
-- gravest reason: an account with it is deleted at the source, has refused, is on the list of suppressed identifiers or
-- is held out.
with accounts as (

    select
        identifiers.*,
        coalesce(drawn.drawn_as, identifiers.customer_id) as drawn_as
    from {{ ref("feed_identifiers") }} as identifiers
    left join {{ ref("drawn_accounts") }} as drawn on identifiers.customer_id = drawn.customer_id

),

suppressed as (

    select distinct lower(trim(identifier_sha256)) as identifier_sha256
    from {{ ref("suppressed_identifiers") }}

),

-- A platform has other digits for the same address than the next one: either bars it everywhere.
suppressed_keys as (

    {%- for kind in ["email", "phone"] %}
    {%- for platform in ["google", "meta"] %}
    select accounts.{{ kind }}_key as identifier_key
    from accounts
    inner join suppressed on accounts.{{ platform }}_{{ kind }}_sha256 = suppressed.identifier_sha256
    union
    {%- endfor %}
    {%- endfor %}
    {{ no_rows({"identifier_key": hash_types().key_hash}) }}

),

refused_keys as (

    {{ account_keys(["standing"], "accounts", "standing in ('erased', 'refused')") }}

    union all

    select
        'erased' as standing,
        identifier_key
    from {{ ref("erased_identifiers") }}

),

held_out as (

    {%- for segmentation in audience_segmentations() %}
    select
        *,
        {{ string_literal(segmentation) }} as segmentation
    from accounts
    where is_accepted and {{ is_held_out(string_literal(segmentation), "drawn_as") }}
    {{ "union all" if not loop.last }}
    {%- else %}
    select
        *,
        cast(null as {{ dbt.type_string() }}) as segmentation
    from accounts
    where false
    {%- endfor %}

),

barred as (

    {%- for segmentation in audience_segmentations() %}
    select
        {{ string_literal(segmentation) }} as segmentation,
        identifier_key,
        case standing when 'erased' then 1 else 2 end as gravity
    from refused_keys

    union all

    select
        {{ string_literal(segmentation) }} as segmentation,
        identifier_key,
        3 as gravity
    from suppressed_keys

    union all
    {%- endfor %}

    select
        segmentation,
        identifier_key,
        4 as gravity
    from ({{ account_keys(["segmentation"], "held_out") }}) as held_out_keys

),

final as (

    select
        segmentation,
        identifier_key,
        case min(gravity)
            {%- for reason in bar_reasons() %}
            when {{ loop.index }} then '{{ reason }}'
            {%- endfor %}
        end as reason
    from barred
    group by segmentation, identifier_key

)

select * from final
