-- One row per customer of the backtest and offer that the customer would have got at its date: ten at most.
-- depends_on: {{ ref("learning_scope") }}
with final as (

    {{ best_offers(ref("int_backtest_customers"), ref("int_backtest_items"), 10) | indent(4) }}

)

select * from final
