{#- The checks that what a row tells of has happened, and not before the floor. What a row is about must lie within the
    as-of date; a cancellation may come later, because the order itself was a fact by then. -#}
{% macro date_range_checks(input) -%}
    {%- set run_day = run_started_at.strftime('%Y-%m-%d') -%}
    {%- set last_day = (var('as_of_date', none) or run_day) | string -%}
    {%- set first_day = var('earliest_date') | string -%}
    {%- set ranges = {
        'customers': [
            ('birth_date', var('earliest_birth_date') | string, last_day),
            ('signup_at', first_day, last_day),
        ],
        'orders': [
            ('ordered_at', first_day, last_day),
            ('cancelled_at', first_day, [last_day, run_day] | max),
        ],
    } -%}
    {%- set checks = [] -%}
    {%- for name, _, last in ranges.get(input, []) -%}
        {%- do checks.append({
            'rule': 'date_in_future',
            'condition': 'cast(' ~ name ~ " as date) > cast('" ~ last ~ "' as date)",
            'reason': "concat('" ~ name ~ " is after " ~ last ~ ": ', " ~ quoted_value(name) ~ ")"
        }) -%}
    {%- endfor -%}
    {%- for name, first, _ in ranges.get(input, []) -%}
        {%- do checks.append({
            'rule': 'date_before_floor',
            'condition': 'cast(' ~ name ~ " as date) < cast('" ~ first ~ "' as date)",
            'reason': "concat('" ~ name ~ " is before " ~ first ~ ": ', " ~ quoted_value(name) ~ ")"
        }) -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}
