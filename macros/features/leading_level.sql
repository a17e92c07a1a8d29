{#-
  One row per customer and as-of date with new events: the level with the highest count so far, and that count, packed
  into one string. `leading_level_name` unpacks it.

  A cumulative count never falls, so the leading level at a date is the largest pack seen up to that date: whoever
  reads this takes a running maximum and need not compare all levels at all dates. Equal counts are decided by the name
  of the level, the same way on every engine.

  events: relation or CTE with customer_id, as_of_date and the level.
-#}
{% macro leading_level(events, level) -%}
    select
        customer_id,
        as_of_date,
        max(concat(lpad(cast(total as {{ dbt.type_string() }}), 12, '0'), {{ level }})) as {{ level }}
    from (
        select
            customer_id,
            as_of_date,
            {{ level }},
            sum(added) over (
                partition by customer_id, {{ level }} order by as_of_date rows unbounded preceding
            ) as total
        from (
            select
                customer_id,
                as_of_date,
                {{ level }},
                count(*) as added
            from {{ events }}
            where {{ level }} is not null
            group by customer_id, as_of_date, {{ level }}
        ) as counted
    ) as cumulated
    group by customer_id, as_of_date
{%- endmacro %}


{% macro leading_level_name(pack) -%}
    substr({{ pack }}, 13)
{%- endmacro %}
