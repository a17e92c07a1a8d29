{#- The checks that what a row tells of has happened, and not before the floor.
    in the future: after the day of the run, and after any as-of date that is later still. after the as-of date: real,
    but not yet known at an as-of date in the past, so set aside. A cancellation may come later than the as-of date,
    because the order itself was a fact by then. -#}
{% macro date_range_checks(input) -%}
    {%- set run_day = run_started_at.strftime('%Y-%m-%d') -%}
    {%- set as_of_date = (var('as_of_date') or run_day) | string -%}
    {%- set last_day = [as_of_date, run_day] | max -%}
    {%- set first_day = var('earliest_date') | string -%}
    {%- set floors = {
        'customers': {'birth_date': var('earliest_birth_date') | string, 'signup_at': first_day},
        'orders': {'ordered_at': first_day, 'cancelled_at': first_day},
    }.get(input, {}) -%}
    {%- set limits = [] -%}
    {%- for name in floors -%}
        {%- do limits.append(('date_in_future', name, 'after', '>', last_day)) -%}
    {%- endfor -%}
    {%- for name in floors if name != 'cancelled_at' and as_of_date < last_day -%}
        {%- do limits.append(('after_as_of_date', name, 'after', '>', as_of_date)) -%}
    {%- endfor -%}
    {%- for name, floor in floors.items() -%}
        {%- do limits.append(('date_before_floor', name, 'before', '<', floor)) -%}
    {%- endfor -%}

    {%- set checks = [] -%}
    {%- for rule, name, word, sign, day in limits -%}
        {%- do checks.append({
            'rule': rule,
            'condition': 'cast(' ~ name ~ ' as date) ' ~ sign ~ " cast('" ~ day ~ "' as date)",
            'reason': "concat('" ~ name ~ ' is ' ~ word ~ ' ' ~ day ~ ": ', " ~ shown_value(input, name) ~ ")"
        }) -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}
