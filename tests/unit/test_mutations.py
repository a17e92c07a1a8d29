"""What `make mutants` draws from: each change is one place, and what it makes can still be read."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import mutants
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


def test_what_jinja_says_to_people_stays_as_it_is_and_its_sql_does_not() -> None:
    text = """{{ return("Fill it, or set the variable and build." ~ ('a or b' if x == 1 else "a and b")) }}"""
    changed = {change.apply(text) for change in sql_changes(text)}
    assert changed == {text.replace("a or b", "a and b"), text.replace("==", "!="), text.replace('"a and b', '"a or b')}


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
    for name in ("gates", "scaling", "config/schema"):
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


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("19:17:48  Failure in test nobody_is_sent (tests/a.sql)\n  Got 2 results", "nobody_is_sent"),
        ("19:17:48  Database Error in model feed_members (models/feeds/x.sql)\n  Conversion", "feed_members"),
        ("19:17:48  Compilation Error in operation check_inputs-0 (dbt_project.yml)", "check_inputs"),
        ("something else", "something else"),
    ],
)
def test_the_node_that_noticed_is_named(output: str, name: str) -> None:
    assert mutants.first_error(output) == name


def test_the_test_that_noticed_is_named() -> None:
    output = "..F\n=== short test summary info ===\nFAILED tests/unit/test_a.py::test_b[1-2] - assert 1 == 2\n1 failed"
    assert mutants.first_failure(output) == "tests/unit/test_a.py::test_b[1-2]"


def test_draws_are_the_same_again_and_differ_from_each_other() -> None:
    for kind in ("sql", "python"):
        one, other = (mutants.Lottery(kind, 7) for _ in range(2))
        drawn = [next(one.candidates(number)) for number in range(12)]
        assert [next(other.candidates(number)) for number in range(12)] == drawn
        assert len({mutant.key for mutant in drawn}) == 12
        assert drawn[3] == next(mutants.Lottery(kind, 7).candidates(3))


def test_tests_are_found_for_models_and_modules() -> None:
    concerns = mutants.Concerns()
    assert [file.name for file in concerns.integration_tests("models/feeds/exports/feed_members.sql")]
    near, far = concerns.unit_tests("src/segmentation/identity.py")
    assert [file.name for file in near[:2]] == ["identity.py", "test_identity.py"]
    assert "test_fitting.py" in {file.name for file in [*near, *far]}
    assert concerns.is_built("src/segmentation/identity.py")
    assert not concerns.is_built("src/segmentation/stream/loop.py")


def test_what_protects_people_is_marked() -> None:
    feeds = {"file": "models/feeds/exports/feed_members.sql", "before": "where outcome = 'exported'"}
    names = {"file": "src/segmentation/naming.py", "before": "if len(name) > 60:"}
    money = {"file": "models/features/x.sql", "before": "sum(net_revenue) as revenue"}
    found = [
        mutants.Mutant("sql", 1, 0, one["file"], 1, "condition", one["before"], "", 0, 0, "").protects
        for one in (feeds, names, money)
    ]
    assert found == [True, False, True]
