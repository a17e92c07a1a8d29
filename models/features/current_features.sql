-- One row per customer: the features of today. Most of what follows asks for them alone, and would read all dates.
with final as (

    select *
    from {{ ref("customer_features") }}
    where is_current and {{ changed_only("customer_id") }}

)

select * from final
