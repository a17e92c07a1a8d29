{#-
  What a table promises of its rows, in one test: no two rows have the same key, these columns are never empty, these have
  one of the accepted values, and these numbers lie within bounds. Yields one row for each value that breaks a promise, with
  its column, what was expected, what was found, and the key of its row as text. `explain_failed_tests` tells of them.

  The table is read twice: by one aggregation for each key, without a window (20 million rows with two texts as the key take
  about 6 seconds on two cores), and once for everything else. What is of the right kind goes no further than that.

  key: a list of columns that together identify a row; none of them is null.
  also_unique: a list of further such lists.
  filled: a list of further columns that are never null.
  accepted: {column: the texts that it may hold}. Null is allowed unless the column is `filled`, as it is for `between`.
  between: {column: [lowest, highest]}; each is a number or an expression over the columns of the table.
  named_by: the columns that tell people which row is meant, where there is no key.
-#}
{% test holds(model, key=[], also_unique=[], filled=[], accepted={}, between={}, named_by=[]) %}
{%- set keys = ([key] if key else []) + also_unique -%}
{%- set naming = key or named_by -%}
{%- set told = (naming + also_unique | sum(start=[])) | unique | list -%}
{%- set checks = [] -%}
{%- for column in (keys | sum(start=[]) + filled) | unique -%}
    {%- do checks.append({
        "column": column, "broken": column ~ " is null", "expected": "a value", "found": "'nothing'",
    }) -%}
{%- endfor -%}
{%- for column, values in accepted.items() -%}
    {%- do checks.append({
        "column": column,
        "broken": column ~ " not in (" ~ quoted_list(values) ~ ")",
        "expected": "one of '" ~ values | join("', '") ~ "'",
        "found": in_quotes(shortened(column)),
    }) -%}
{%- endfor -%}
{%- for column, (lowest, highest) in between.items() -%}
    {%- do checks.append({
        "column": column,
        "broken": "(" ~ column ~ " < " ~ lowest ~ " or " ~ column ~ " > " ~ highest ~ ")",
        "expected": "values between " ~ lowest ~ " and " ~ highest,
        "found": "cast(" ~ column ~ " as string)",
    }) -%}
{%- endfor -%}
{%- if not checks -%}
    {%- do exceptions.raise_compiler_error("The test `holds` of " ~ model ~ " names nothing that is to hold.") -%}
{%- endif -%}
with broken as (

    select *
    from {{ model }}
    where
        {%- for check in checks %}
        {{ check.broken }}{{ " or" if not loop.last }}
        {%- endfor %}

),

checks as (
    {% for check in checks %}
    select
        {{ loop.index }} as check_number,
        '{{ check.column }}' as checked_column,
        {{ string_literal(check.expected) }} as expectation
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

findings as (

    select
        checks.checked_column as column_name,
        checks.expectation as expected,
        case checks.check_number
            {%- for check in checks %}
            when {{ loop.index }} then {{ check.found }}
            {%- endfor %}
        end as found
        {%- for column in told %},
        cast({{ column if column in naming else "null" }} as string) as {{ column }}
        {%- endfor %}
    from broken
    cross join checks
    where
        case checks.check_number
            {%- for check in checks %}
            when {{ loop.index }} then {{ check.broken }}
            {%- endfor %}
        end
    {%- for columns in keys %}

    union all

    select
        '{{ columns | join(", ") }}' as column_name,
        'a key that no other row has' as expected,
        concat(cast(count(*) as string), ' rows') as found
        {%- for column in told %},
        cast({{ column if column in columns else "null" }} as string) as {{ column }}
        {%- endfor %}
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1
    {%- endfor %}

)

select * from findings
{% endtest %}
