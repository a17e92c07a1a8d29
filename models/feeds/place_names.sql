-- One row per country or region and way to write it, in lower case without blanks and punctuation.
with countries as (

    select * from {{ ref("countries") }}

),

numbers as (

    {{ dbt.generate_series(250) | indent(4) }}

),

spellings as (

    select
        'country' as kind,
        countries.country_code,
        split_part(countries.names, '|', cast(numbers.generated_number as integer)) as spelling
    from countries
    cross join numbers

    union all

    select
        'region' as kind,
        countries.country_code,
        split_part(countries.region_names, '|', cast(numbers.generated_number as integer)) as spelling
    from countries
    cross join numbers

),

final as (

    select
        kind,
        country_code,
        case when kind = 'region' then split_part(spelling, '=', 2) else spelling end as spelling,
        case when kind = 'region' then split_part(spelling, '=', 1) else country_code end as code
    from spellings
    where spelling <> ''

)

select * from final
