"""Bins of a fit hold everybody once, and the index tells equal distributions from different ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segmentation.columns import FloatArray, encode_levels
from segmentation.drift import (
    LEAST_SHARE,
    MAX_LEVELS,
    OTHER_LEVELS,
    bin_counts,
    decile_edges,
    distance_row,
    level_rows,
    number_rows,
    population_stability,
    verdicts,
)

VALUES = arrays(
    np.float64,
    st.integers(1, 60),
    elements=st.one_of(st.floats(-1e6, 1e6), st.integers(0, 3).map(float), st.just(np.nan)),
)


@given(VALUES)
def test_every_bin_of_a_number_held_somebody_and_all_hold_everybody(values: FloatArray) -> None:
    edges = decile_edges(values)
    assert len(edges) <= 9
    assert np.all(np.diff(edges) > 0)
    assert set(edges) <= set(values)
    counts = bin_counts(values, edges)
    assert sum(counts.values()) == len(values)
    assert min(counts.values()) > 0


def test_distinct_values_fall_into_tenths() -> None:
    values = np.arange(100.0)
    assert decile_edges(values).tolist() == [9.0, 19.0, 29.0, 39.0, 49.0, 59.0, 69.0, 79.0, 89.0]
    assert bin_counts(values, decile_edges(values)) == {str(number): 10 for number in range(1, 11)}


def test_bins_are_rows() -> None:
    rows = number_rows("frequency", np.array([1.0, 1.0, 2.0, np.nan]))
    assert [(row.kind, row.level, row.value_double) for row in rows] == [
        ("bin_edge", "1", 1.0),
        ("bin_share", "1", 0.5),
        ("bin_share", "2", 0.25),
        ("bin_share", "(missing)", 0.25),
    ]
    codes, levels = encode_levels(pd.Series(["web", None, "web", "shop"]))
    rows = level_rows("channel", codes, levels)
    assert {row.level: row.value_double for row in rows} == {"web": 0.5, "(missing)": 0.25, "shop": 0.25}
    assert distance_row(np.array([4.0, 16.0])).value_double == 3.0


def test_a_number_without_values_is_missing() -> None:
    rows = number_rows("age", np.full(3, np.nan))
    assert [(row.kind, row.level, row.value_double) for row in rows] == [("bin_share", "(missing)", 1.0)]


def test_rare_levels_beyond_the_limit_are_one() -> None:
    names = [f"city {number:04}" for number in range(MAX_LEVELS + 5)]
    codes, levels = encode_levels(pd.Series([*names, names[-1]]))
    shares = {row.level: row.value_double for row in level_rows("city", codes, levels)}
    assert len(shares) == MAX_LEVELS + 1
    assert names[-1] in shares
    assert shares[OTHER_LEVELS] == pytest.approx(5 / (MAX_LEVELS + 6))
    assert sum(value for value in shares.values() if value) == pytest.approx(1)


@st.composite
def two_distributions(draw: st.DrawFn) -> tuple[FloatArray, FloatArray]:
    bins = draw(st.integers(1, 12))
    counts = arrays(np.float64, bins, elements=st.integers(1, 1000).map(float))
    before, now = draw(counts), draw(counts)
    return before / before.sum(), now / now.sum()


@given(two_distributions())
def test_the_index_is_symmetric_and_zero_for_equal_shares_alone(shares: tuple[FloatArray, FloatArray]) -> None:
    before, now = shares
    index = population_stability(before, now)
    assert index == pytest.approx(population_stability(now, before), abs=1e-12)
    assert population_stability(before, before) == 0
    assert index >= 0
    # Pinsker's inequality, for both directions: an index near zero leaves no room for a shift.
    assert index >= np.abs(before - now).sum() ** 2 - 1e-9


def test_an_empty_bin_has_a_finite_index() -> None:
    index = population_stability(np.array([1.0, 0.0]), np.array([0.9, 0.1]))
    assert index == pytest.approx(-0.1 * np.log(0.9) + (0.1 - LEAST_SHARE) * np.log(0.1 / LEAST_SHARE))


def measured(*rows: tuple[str, str, float | None, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["measure", "feature", "value", "threshold"])
    return table.assign(segmentation="behavior", is_beyond=table["value"] > table["threshold"])


def verdict(*rows: tuple[str, str, float | None, float]) -> tuple[bool, str]:
    ((name, has_drifted, reason),) = verdicts(measured(*rows)).itertuples(index=False, name=None)
    assert name == "behavior"
    return has_drifted, reason


def test_the_verdict_names_what_is_furthest_beyond_its_threshold() -> None:
    age, shares = ("feature_psi", "age", 0.5, 0.25), ("segment_psi", "", 0.31, 0.25)
    assert verdict(("feature_psi", "age", 0.1, 0.25), shares) == (
        True,
        "The population stability index of the segments' shares is 0.31, above 0.25.",
    )
    assert verdict(shares, age, ("unseen_share", "region", 0.06, 0.05)) == (
        True,
        "The population stability index of age is 0.5, above 0.25, and so are 2 other measures of drift.",
    )


def test_a_verdict_without_drift_names_what_is_nearest() -> None:
    assert verdict(("distance_change", "", -0.1, 0.25), ("unseen_share", "region", 0.01, 0.05)) == (
        False,
        "No measure of drift is above its threshold; the share of unseen levels of region is nearest, 0.01 of 0.05.",
    )
    has_drifted, reason = verdict(("feature_psi", "age", None, 0.25))
    assert not has_drifted
    assert "not known" in reason
    assert verdicts(measured()).empty
