"""The language of rules: what it reads, what it writes, what it proves."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
from collections.abc import Mapping

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segmentation.errors import UserError
from segmentation.rules import (
    And,
    Between,
    Comparison,
    Constant,
    Expression,
    FeatureType,
    IsNull,
    Membership,
    Not,
    Or,
    Rule,
    evaluate,
    features_of,
    parse,
    prove,
    to_sql,
)

KINDS = {
    "age": FeatureType("number", is_integer=True),
    "frequency": FeatureType("number", is_integer=True),
    "monetary": FeatureType("number"),
    "country": FeatureType("category"),
    "consent": FeatureType("boolean"),
}


def rules(*whens: str) -> list[Rule]:
    return [Rule(name, parse(when)) for name, when in zip("ABCDEFGH", whens, strict=False)]


# --- Reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "sql"),
    [
        ("age < 30", "(age < 30)"),
        ("30 <= age", "(age >= 30)"),
        ("30 > age", "(age < 30)"),
        ("age != 30", "(age <> 30)"),
        ("age <> -1.50", "(age <> -1.5)"),
        ("monetary >= 1e3", "(monetary >= 1000.0)"),
        ("monetary > .5", "(monetary > 0.5)"),
        ("monetary > -0.0", "(monetary > 0.0)"),
        ("country='it''s'", "(country = 'it''s')"),
        ("'fr' = country", "(country = 'fr')"),
        ("country = ''", "(country = '')"),
        ("country IN ('fr', 'de')", "(country in ('fr', 'de'))"),
        ("country Not In ('fr')", "(country not in ('fr'))"),
        ("age between 30 and 49 and frequency > 1", "((age between 30 and 49) and (frequency > 1))"),
        ("age not between 30 and 49", "(age not between 30 and 49)"),
        ("consent = TRUE or consent is null", "((consent = true) or (consent is null))"),
        ("consent is not null", "(consent is not null)"),
        ("not age = 1 and age = 2 or age = 3", "(((not (age = 1)) and (age = 2)) or (age = 3))"),
        ("not (age = 1 or not not age = 2)", "(not ((age = 1) or (not (not (age = 2)))))"),
        ("age = 1\n  or\tage = 2", "((age = 1) or (age = 2))"),
        ("country = 'Zürich -- /* ; {{ x }}'", "(country = 'Zürich -- /* ; {{ x }}')"),
    ],
)
def test_rules_are_read_and_written(when: str, sql: str) -> None:
    assert to_sql(parse(when)) == sql


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("", "at position 1 (>>>): expected a feature, found the end of the rule"),
        ("age <", "at position 6 (age <>>>): expected a number, 'text', true or false, found the end of the rule"),
        ("age < < 30", "at position 7 (age < >>>< 30): expected a number, 'text', true or false, found \"<\""),
        ("age == 30", 'equality is written "="'),
        ("age 30", "expected a comparison (=, !=, <, <=, >, >=), in, between or is"),
        ("age < 30 frequency > 2", 'expected "and", "or" or the end of the rule, found "frequency"'),
        ("age < 30)", 'expected "and", "or" or the end of the rule, found ")"'),
        ("(age < 30", 'expected ")", found the end of the rule'),
        ("Age < 30", 'names of features are lower case: write "age"'),
        ("country = fr", "a feature is compared with a constant, text is quoted"),
        ('country = "fr"', "text stands in single quotes"),
        ("country = 'fr", "this text has no closing quote"),
        ("country = null", 'a missing value is asked for with "is null"'),
        ("age is 3", 'expected "null", found "3"'),
        ("age not = 3", 'expected "in" or "between", found "="'),
        ("country in ()", "expected a number, 'text', true or false, found \")\""),
        ("country in ('a' 'b')", 'expected ")"'),
        ("age between 3 or 4", 'expected "and", found "or"'),
        ("30 < 40", 'expected a feature, found "40"'),
        ("consent", "expected a comparison"),
        ("age + 1 < 3", "calculations are not part of a rule"),
        ("age < 30; drop table x", '";" has no meaning in a rule'),
        ("age < 30 -- no", "calculations are not part of a rule"),
        ("age < 3x", "expected a number"),
        ("age < 1234567890123456", "at most 15 digits"),
        ("age < 1e15", "at most 15 digits"),
        ("country = 'a\\b'", "no backslash"),
        ("country = 'a\nb'", "no control character"),
        ("not " * 60 + "age = 1", "more than 50 levels"),
        ("(" * 60, "more than 50 levels"),
        ("age = 1 or " * 2000, "characters long"),
    ],
)
def test_what_is_no_rule_is_explained(when: str, expected: str) -> None:
    with pytest.raises(UserError, match=re.escape(expected)):
        parse(when)


@given(st.text(alphabet="age<>=!()'\"0123.,-+e \nnotinbetweenandorisnulltruefalse_\\é;", max_size=60) | st.text())
@settings(max_examples=500)
def test_any_text_is_a_rule_or_an_explained_error(when: str) -> None:
    with contextlib.suppress(UserError):
        expression = parse(when)
        assert to_sql(parse(to_sql(expression))) == to_sql(expression)


def test_features_of_a_rule() -> None:
    assert features_of(parse("age < 3 and not (country = 'x' or age > 5)")) == {"age", "country"}


# --- Evaluating -------------------------------------------------------------------------------------------------

NUMBERS = st.integers(-4, 4) | st.sampled_from([0.5, 1.25, -2.5])
TEXTS = st.sampled_from(["fr", "de", "it's", "", "Zürich"])
CONSTANTS: Mapping[str, st.SearchStrategy[Constant]] = {
    "age": NUMBERS,
    "frequency": NUMBERS,
    "monetary": NUMBERS,
    "country": TEXTS,
    "consent": st.booleans(),
}
VALUES: Mapping[str, st.SearchStrategy[Constant]] = {
    "age": st.integers(-6, 6),
    "frequency": st.integers(-6, 6),
    "monetary": st.integers(-48, 48).map(lambda eighths: eighths / 8),
    "country": st.sampled_from(["fr", "de", "it's", "", "Zürich", "elsewhere", "FR"]),
    "consent": st.booleans(),
}


@st.composite
def atoms(draw: st.DrawFn, features: tuple[str, ...]) -> Expression:
    feature = draw(st.sampled_from(features))
    constants = CONSTANTS[feature]
    number = KINDS[feature].kind == "number"
    shape = draw(st.sampled_from(["compare", "in", "null", *(["between"] if number else [])]))
    negated = draw(st.booleans())
    if shape == "compare":
        signs = ["=", "<>", "<", "<=", ">", ">="] if number else ["=", "<>"]
        return Comparison(feature, draw(st.sampled_from(signs)), draw(constants))
    if shape == "in":
        return Membership(feature, tuple(draw(st.lists(constants, min_size=1, max_size=3))), negated)
    if shape == "between":
        return Between(feature, draw(constants), draw(constants), negated)
    return IsNull(feature, negated)


def expressions(*features: str) -> st.SearchStrategy[Expression]:
    def larger(smaller: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(smaller, min_size=2, max_size=3).map(tuple)
        return smaller.map(Not) | several.map(And) | several.map(Or)

    return st.recursive(atoms(features), larger, max_leaves=6)


def rows(*features: str, nulls: bool = True) -> st.SearchStrategy[dict[str, Constant | None]]:
    return st.fixed_dictionaries({f: VALUES[f] | st.none() if nulls else VALUES[f] for f in features})


@given(expressions(*KINDS))
def test_what_is_written_is_read_back(expression: Expression) -> None:
    assert parse(to_sql(expression)) == expression


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


SQL_TYPES = {
    "age": "bigint",
    "frequency": "integer",
    "monetary": "decimal(18,4)",
    "country": "text",
    "consent": "boolean",
}


@given(expressions(*KINDS), st.lists(rows(*KINDS), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_the_database_agrees_with_the_evaluator(
    connection: duckdb.DuckDBPyConnection, expression: Expression, sample: list[dict[str, Constant | None]]
) -> None:
    marks = ", ".join(f"?::{sql_type}" for sql_type in SQL_TYPES.values())
    union = " union all ".join(f"select {index}, {marks}" for index in range(len(sample)))
    parameters = [row[name] for row in sample for name in SQL_TYPES]
    query = f"select {to_sql(expression)} from ({union}) as sample(position, {', '.join(SQL_TYPES)}) order by position"
    answers = [answer for (answer,) in connection.execute(query, parameters).fetchall()]
    assert answers == [evaluate(expression, row) for row in sample]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("age < 3", None),
        ("not age < 3", None),
        ("age < 3 or frequency = 1", True),
        ("age < 3 and frequency = 2", False),
        ("age < 3 or frequency = 2", None),
        ("age in (1, 2)", None),
        ("age not in (1, 2)", None),
        ("age is null", True),
        ("age is not null", False),
    ],
)
def test_nulls_are_unknown(when: str, expected: bool | None) -> None:
    assert evaluate(parse(when), {"age": None, "frequency": 1}) is expected


# --- Proving ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule_set",
    [
        rules("age <= 29", "age >= 30"),
        rules("age < 29.5", "age > 29.5"),
        rules("age < 30", "age between 30 and 49", "age >= 50"),
        rules("monetary < 30", "30 <= monetary"),
        rules("age < 30 and frequency < 4", "age < 30 and frequency >= 4", "age >= 30"),
        rules("country = 'fr'", "country != 'fr'"),
        rules("country in ('fr', 'de')", "country not in ('fr', 'de')", "country is null"),
        rules("consent = true", "consent = false"),
        rules("consent is null", "consent is not null"),
        rules("age < 30 or age is null", "age >= 30"),
        rules("age is null or age is not null"),
    ],
)
def test_sound_rule_sets_are_proved(rule_set: list[Rule]) -> None:
    assert prove(rule_set, KINDS) == []


@pytest.mark.parametrize(
    ("rule_set", "expected"),
    [
        (rules("age < 30", "age > 30"), ["no segment for age = 30"]),
        (rules("monetary <= 29", "monetary >= 30"), ["no segment for monetary = 29.5"]),
        (rules("age <= 29", "age >= 31"), ["no segment for age = 30"]),
        (rules("age between 0 and 30", "age > 30"), ["no segment for age = -1"]),
        (
            rules("age < 40 and frequency <= 3", "age > 40", "age <= 40 and frequency > 3"),
            ["no segment for age = 40, frequency = 2"],
        ),
        (rules("age <= 30", "age >= 30"), ['segments "A" and "B" overlap: both take age = 30']),
        (
            rules("age < 30 or age is null", "age >= 30 or age is null"),
            ['segments "A" and "B" overlap: both take age is null'],
        ),
        (
            rules("age < 30", "age >= 30", "age > 50 and age < 40"),
            ['segment "C" can never be reached: no customer meets its rule'],
        ),
        (
            rules("age <= 29", "age >= 30", "age > 29 and age < 30"),
            ['segment "C" can never be reached: no customer meets its rule'],
        ),
        (rules("country = 'fr'", "country = 'de'"), ["no segment for country = 'any other value'"]),
        (rules("consent = true"), ["no segment for consent = false"]),
        (rules("age is null"), ["no segment for age = -1"]),
        (rules("age > 'x'"), ["segment \"A\": age is a number and cannot be compared with 'x'; write a number"]),
        (rules("country = 3"), ["segment \"A\": country is a category and cannot be compared with 3; write 'text'"]),
        (
            rules("consent = 1"),
            ['segment "A": consent is a boolean and cannot be compared with 1; write true or false'],
        ),
        (rules("age = true"), ['segment "A": age is a number and cannot be compared with true; write a number']),
        (rules("country < 'b'"), ['segment "A": country is a category and has no order; use =, !=, in or is null']),
        (rules("aeg < 3"), ['segment "A": there is no feature "aeg"; did you mean "age"?']),
    ],
)
def test_unsound_rule_sets_are_explained_with_an_example(rule_set: list[Rule], expected: list[str]) -> None:
    assert prove(rule_set, KINDS) == expected


def test_every_overlap_and_gap_is_reported_at_once() -> None:
    problems = prove(rules("age < 30", "age < 20", "age < 10", "age = 50 and age = 60"), KINDS)
    assert problems == [
        "no segment for age = 30",
        'segments "A" and "B" overlap: both take age = 9',
        'segments "A" and "C" overlap: both take age = 9',
        'segment "D" can never be reached: no customer meets its rule',
    ]


def test_a_proof_that_would_not_end_is_refused() -> None:
    kinds = {f"f{number}": FeatureType("number") for number in range(12)}
    when = " and ".join(f"f{number} in (1, 2, 3)" for number in range(12))
    [problem] = prove([Rule("A", parse(when))], kinds)
    assert "too many constants to be proved" in problem


def test_a_large_proof_takes_moments() -> None:
    kinds = {f"f{number}": FeatureType("number") for number in range(3)}
    cuts = range(25)
    whens = [f"f0 >= {c} and f0 < {c + 1} and f1 < 30 and f2 not in ({', '.join(map(str, cuts))})" for c in cuts]
    assert prove([Rule(str(index), parse(when)) for index, when in enumerate(whens)], kinds)


def truths(rule_set: list[Rule], row: Mapping[str, Constant | None]) -> list[str]:
    return [rule.name for rule in rule_set if evaluate(rule.expression, row) is True]


@given(st.lists(expressions("age", "monetary", "country"), min_size=1, max_size=3), st.data())
@settings(max_examples=200, deadline=None)
def test_what_is_proved_holds_at_every_point(trees: list[Expression], data: st.DataObject) -> None:
    rule_set = [Rule(name, tree) for name, tree in zip("ABC", trees, strict=False)]
    used = sorted(frozenset().union(*(features_of(tree) for tree in trees)))
    problems = prove(rule_set, KINDS)
    for row in data.draw(st.lists(rows(*used), min_size=1, max_size=20)):
        names = truths(rule_set, row)
        if len(names) > 1:
            # Every overlapping rule is reported with one that comes before it.
            assert any(f'and "{names[-1]}" overlap' in problem for problem in problems)
        if not names and None not in row.values():
            assert any(problem.startswith("no segment for") for problem in problems)
        for name in names:
            assert f'segment "{name}" can never be reached: no customer meets its rule' not in problems


@given(st.lists(expressions("age", "consent"), min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
@example([parse("age > -1 and age < 0"), parse("not (age > -1 and age < 0)")])
def test_the_proof_equals_brute_force_over_a_dense_range(trees: list[Expression]) -> None:
    """Constants lie in -4..4, so the integers of -6..6 meet every case there is."""
    rule_set = [Rule(name, tree) for name, tree in zip("ABC", trees, strict=False)]
    used = sorted(frozenset().union(*(features_of(tree) for tree in trees)))
    domain = {"age": [*range(-6, 7), None], "consent": [False, True, None]}
    points = [dict(zip(used, point, strict=True)) for point in itertools.product(*(domain[f] for f in used))]
    taken = [(point, truths(rule_set, point)) for point in points]
    has_gap = any(not names and None not in point.values() for point, names in taken)
    has_overlap = any(len(names) > 1 for _, names in taken)
    reached = set().union(*(names for _, names in taken))
    problems = prove(rule_set, KINDS)
    assert any(problem.startswith("no segment") for problem in problems) == has_gap
    assert any("overlap" in problem for problem in problems) == has_overlap
    assert sum("never be reached" in problem for problem in problems) == len(rule_set) - len(reached)


@given(
    st.lists(st.integers(-40, 40).map(lambda n: n / 4), min_size=1, max_size=6, unique=True), st.booleans(), st.data()
)
def test_consecutive_bands_are_proved_and_any_missing_band_is_a_gap(
    cuts: list[float], is_integer: bool, data: st.DataObject
) -> None:
    cuts = sorted(cuts)
    edges = [-math.inf, *cuts, math.inf]
    whens = []
    for low, high in itertools.pairwise(edges):
        parts = [f"x >= {low}"] * math.isfinite(low) + [f"x < {high}"] * math.isfinite(high)
        whens.append(" and ".join(parts))
    bands = [Rule(str(index), parse(when)) for index, when in enumerate(whens)]
    kinds = {"x": FeatureType("number", is_integer=is_integer)}
    empty = {
        str(index)
        for index, (low, high) in enumerate(itertools.pairwise(edges))
        if is_integer and math.isfinite(low) and math.isfinite(high) and math.ceil(low) >= high
    }
    idle = [f'segment "{name}" can never be reached: no customer meets its rule' for name in sorted(empty, key=int)]
    assert prove(bands, kinds) == idle
    removed = data.draw(st.sampled_from(bands))
    problems = prove([band for band in bands if band is not removed], kinds)
    assert any(problem.startswith("no segment for x = ") for problem in problems) == (removed.name not in empty)
