{#-
  CTEs that say of each row of a CTE what phone number it has been dialled as. The rows have `phone` and `country_code`, in
  two letters or null. Added are
    is_phone      whether the text can be a phone number at all
    dialled       its digits, from the code of a country on where there is one, else as they are dialled in a country
    phone_shape   what decides how these are read (segmentation.phones); null where no country is known
  A number that is written without a code is one of the customer's country, else of the variable audiences.calling_code.
-#}
{% macro dialled_phones(rows) -%}
{%- set code = var("audiences")["calling_code"] -%}
countries as (

    select * from {{ ref("countries") }}

),

phone_texts as (

    select
        *,
        {{ phone_text("phone") }} as phone_text
    from {{ rows }}

),

phone_digits as (

    select
        phone_texts.*,
        coalesce({{ regexp_like("phone_text", "^[( ]*[+]*[0-9()./ ~-]+$") }}, false) as is_phone,
        {{ digits_of("phone_text") }} as digits,
        phone_text like '%+%' as has_plus,
        case when {{ regexp_like("phone_text", "[(] *0 *[)]") }} then '0' else '.' end as zero
    from phone_texts

),

-- A prefix for calls abroad is as good as a plus. One that is the same all over the country is known; without a country
-- the two zeros are that of most.
placed_phones as (

    select
        phone_digits.*,
        places.country_code as dialled_in,
        places.calling_code,
        places.deciding_digits,
        case
            when
                phone_digits.digits like '00%' and (phone_digits.has_plus or places.country_code is null)
                then substr(phone_digits.digits, 3)
            when phone_digits.has_plus then phone_digits.digits
            when
                places.international_prefix is not null
                and phone_digits.digits like concat(places.international_prefix, '%')
                and substr(phone_digits.digits, length(places.international_prefix) + 1, 1) <> '0'
                then substr(phone_digits.digits, length(places.international_prefix) + 1)
        end as from_abroad
    from phone_digits
    left join countries as places
        on
            coalesce(
                phone_digits.country_code,
                {{ "(select any_value(main.country_code) from countries as main where main.calling_code = '" ~ code
                    ~ "' and main.is_main_country)" if code else "cast(null as " ~ dbt.type_string() ~ ")" }}
            ) = places.country_code
            and places.calling_code is not null

),

-- Of the codes of countries two have one digit and these two; all others have three (ITU-T E.164).
coded_phones as (

    select
        *,
        coalesce(from_abroad, digits) as dialled,
        regexp_extract(
            from_abroad,
            '^([17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9][0-9][0-9])',
            1
        ) as abroad_code
    from placed_phones

),

dialled_phones as (

    select
        coded_phones.*,
        case
            when not coded_phones.is_phone or length(coded_phones.dialled) not between 5 and 17 then null
            when coded_phones.from_abroad is not null and abroad.deciding_digits is null then null
            when coded_phones.from_abroad is not null
                then concat(
                    '+ ', coded_phones.zero, ' ', cast(length(coded_phones.dialled) as {{ dbt.type_string() }}), ' ',
                    substr(coded_phones.dialled, 1, length(coded_phones.abroad_code) + abroad.deciding_digits)
                )
            when coded_phones.dialled_in is not null
                then concat(
                    coded_phones.dialled_in, ' . ', cast(length(coded_phones.dialled) as {{ dbt.type_string() }}), ' ',
                    substr(
                        coded_phones.dialled, 1,
                        coded_phones.deciding_digits
                        + case
                            when coded_phones.dialled like concat(coded_phones.calling_code, '%')
                                then length(coded_phones.calling_code)
                            else 0
                        end
                    )
                )
        end as phone_shape
    from coded_phones
    left join countries as abroad
        on coded_phones.abroad_code = abroad.calling_code and abroad.is_main_country

)
{%- endmacro %}


{#- A phone number without what is not of it: `tel:`, quotes and the equals sign of a spreadsheet, an extension, the
    fraction of a number that has been one. Digits, plus signs and dashes of other scripts are written plainly. -#}
{% macro phone_text(phone) -%}
    {%- set plain -%}
        translate(
            lower({{ phone }}),
            '０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹＋﹢‐‑‒–—―−－ー（）／．～',
            '012345678901234567890123456789++---------()/.~'
        )
    {%- endset -%}
    {%- set bare = "trim(both " ~ string_literal("=\"'`´‘’“” ") ~ " from " ~ plain ~ ")" -%}
    {%- set number = regexp_replace_all(bare, "^tel:(//)?", "") -%}
    {%- set extension = "^(.*[0-9)])[ ,;]*(ext|extn|ext[.]|extn[.]|x|#|;ext=|durchwahl|dw)[ :=.]*[0-9]{1,7}#?$" -%}
    case
        when {{ regexp_like(phone, "^[+]?[0-9() /-]+$") }} then {{ phone }}
        else {{ regexp_replace_all(regexp_replace_all(number, extension, "\\1"), "^([0-9]+)[.]0+$", "\\1") }}
    end
{%- endmacro %}


{#- Why there is no phone number, of rows of dialled_phones; null where there is one. -#}
{% macro phone_problem() -%}
    case
        when phone is null then 'missing'
        when phone_number is not null then null
        when not is_phone or length(dialled) not between 7 and 17 then 'not a phone number'
        when phone_shape is null and from_abroad is null then 'no country code'
        else 'not a number of its country'
    end
{%- endmacro %}
