"""What `make mutants` draws from: each change is one place, and what it makes can still be read."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import mutations
import pytest
from mutations import python_changes, sql_changes

from harness import ROOT

SQL = """
{#- A comment with a = b. -#}
select distinct
    orders.customer_id,
    sum(case when amount >= 10 then amount end) as amount, -- where a > b
    row_number() over (partition by customer_id, day order by amount desc) as number,
    coalesce(items, 0) / 7 as weekly,
    'a > b' as text
from orders
left join customers using (customer_id, day)
where is_paid and not is_test and day between '2024-01-01' and '2024-12-31'
"""


@pytest.mark.parametrize(
    "expected",
    [
        "select \n    orders",
        "max(case when amount >= 10",
        "when amount > 10",
        "when false then amount",
        "amount >= 11",
        "partition by day order by",
        "partition by customer_id order by",
        "order by amount asc)",
        "(items) / 7",
        "coalesce(items, 1)",
        "coalesce(items, 0) * 7",
        "inner join customers",
        "using (customer_id)",
        "using (day)",
        "where true and not",
        "where is_paid or not is_test",
        "and  is_test",
        "not is_test and true\n",
    ],
)
def test_each_kind_of_mistake_in_sql_is_drawn(expected: str) -> None:
    assert any(expected in change.apply(SQL) for change in sql_changes(SQL))


def test_comments_texts_and_casts_stay_as_they_are() -> None:
    for change in sql_changes(SQL):
        changed = change.apply(SQL)
        assert "comment with a = b" in changed
        assert "-- where a > b" in changed
        assert "'a > b' as text" in changed
    assert not [change for change in sql_changes("cast(x as decimal(18, 4))") if change.rule == "constant"]


def test_macros_that_only_spark_calls_stay_as_they_are() -> None:
    text = "{% macro NAME(a) %}case when {{ a }} > 1 then 2 end{% endmacro %}"
    ours = text.replace("NAME", "duckdb__f")
    assert sql_changes(ours)
    assert not sql_changes(text.replace("NAME", "spark__f"))
    both = ours + text.replace("NAME", "default__f")
    assert len(sql_changes(both)) == len(sql_changes(ours))
    assert sql_changes(text.replace("NAME", "default__f"))


PYTHON = '''
"""A module of 1 line."""

LIMIT: float = 0.5

def chosen(values: list[int], *, ascending: bool = True) -> int | None:
    """Return 1."""
    if not values and ascending:
        raise ValueError(f"1 value of {len(values) + 1} is needed")
    best = max(value for value in values if value >= LIMIT) - 1
    values.append(-best)
    return best
'''


@pytest.mark.parametrize(
    "expected",
    [
        "LIMIT: float = 1.0",
        "ascending: bool = False",
        "if True:",
        "if False:",
        "if values and ascending",
        "if not values or ascending",
        "        pass\n    best",
        "min(value for",
        "for value in values if True)",
        "value > LIMIT",
        ") + 1\n",
        ") - 2\n",
        "    pass\n    return",
        "append(best)",
        "return None\n",
    ],
)
def test_each_kind_of_mistake_in_python_is_drawn(expected: str) -> None:
    assert any(expected in change.apply(PYTHON) for change in python_changes(PYTHON))


def test_docstrings_types_and_messages_stay_as_they_are() -> None:
    for change in python_changes(PYTHON):
        changed = change.apply(PYTHON)
        assert '"""A module of 1 line."""' in changed
        assert '"""Return 1."""' in changed
        assert "list[int]" in changed
        assert "1 value of" in changed or "raise" not in changed


def test_a_changed_module_can_still_be_read() -> None:
    for name in ("gates", "scaling", "configuration"):
        text = (ROOT / "src" / "segmentation" / f"{name}.py").read_text(encoding="utf-8")
        found = python_changes(text)
        assert len(found) > 50
        for change in found[::7]:
            assert change.apply(text) != text
            ast.parse(change.apply(text))


def test_places_are_counted_in_characters() -> None:
    text = 'name = "Jörg" if 1 > 2 else "é"\n'
    assert 'name = "Jörg" if 1 >= 2 else "é"\n' in [change.apply(text) for change in python_changes(text)]


def test_every_change_of_a_model_or_macro_changes_it() -> None:
    for folder in ("models", "macros"):
        for file in sorted((ROOT / folder).rglob("*.sql")):
            text = file.read_text(encoding="utf-8")
            assert not [change for change in sql_changes(text) if text[change.start : change.end] == change.new], file


def test_what_is_listed_as_equivalent_can_still_be_drawn() -> None:
    """What is not drawn any more needs no reason."""
    listed = Path(mutations.__file__).with_name("equivalent_mutants.csv")
    with listed.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        text = (ROOT / row["file"]).read_text(encoding="utf-8")
        changes = python_changes(text) if row["file"].endswith(".py") else sql_changes(text)
        assert (row["before"], row["after"]) in {change.shown(text) for change in changes}, row
        assert row["reason"], row
