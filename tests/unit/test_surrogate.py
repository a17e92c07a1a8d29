"""Rules in the place of distances: they exclude one another, leave nobody out, and mean in SQL what the tree means."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.columns import encode_levels
from segmentation.surrogate import Column, _level_columns, find_rules, plain_number, round_between

finite = st.floats(-1e9, 1e9, allow_nan=False)


@given(finite, finite)
def test_a_round_number_separates_what_it_stands_between(one: float, other: float) -> None:
    low, high = sorted((one, other))
    if low == high:
        return
    cut = round_between(low, high)
    assert low <= cut < high
    assert float(plain_number(cut)) == cut
    assert "e" not in plain_number(cut)


def test_round_numbers_are_those_that_people_would_take() -> None:
    assert round_between(0.1, 0.9) == 0.5
    assert round_between(177, 184) == 180
    assert round_between(4, 5) == 4
    assert round_between(0, 1) == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_rules_in_sql_are_the_tree(seed: int) -> None:
    """Each customer meets exactly one rule, the one whose leaf it is in, missing values included."""
    random = np.random.default_rng(seed)
    n = 300
    spend = random.lognormal(3, 1, n)
    age = np.where(random.random(n) < 0.1, np.nan, random.integers(18, 80, n))
    channel = random.choice(np.array(["web", "app", "it's", None], dtype=object), n)
    segments = 1 + (spend > 25) + 2 * (np.nan_to_num(age, nan=45) > 50) * (channel == "web")
    frame = pd.DataFrame({"number": np.arange(n), "spend": spend, "age": age, "channel": channel})
    known = age[~np.isnan(age)]
    fill = float(np.median(known))
    columns = [
        Column("spend", spend),
        Column("age", np.where(np.isnan(age), fill, age), fill=fill),
        *_level_columns("channel", *encode_levels(frame["channel"])),
    ]
    assert "it's" not in {column.level for column in columns}
    rules = find_rules(columns, segments, seed=1)
    assert all(rule.conditions <= 5 for rule in rules)
    assert sorted(np.concatenate([rule.rows for rule in rules]).tolist()) == list(range(n))
    frame["age"] = pd.array([None if np.isnan(value) else value for value in age], dtype="Float64")
    with duckdb.connect() as connection:
        connection.register("customers", frame)
        for rule in rules:
            found = connection.execute(f"select number from customers where {rule.sql} order by 1").fetchall()
            assert [number for (number,) in found] == sorted(rule.rows.tolist()), rule.sql
    right = sum(np.count_nonzero(segments[rule.rows] == rule.segment_id) for rule in rules)
    assert right / n > 0.9


def test_one_segment_or_no_feature_is_one_rule() -> None:
    for columns in ([], [Column("spend", np.arange(10.0))]):
        (rule,) = find_rules(columns, np.full(10, 3), seed=1)
        assert (rule.segment_id, rule.sql, rule.conditions) == (3, "true", 0)
