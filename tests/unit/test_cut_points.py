"""RFM cut points: quintiles that occur, and scores that ties share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.cut_points import quintile_cuts, scores

VALUES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.integers(0, 3).map(float)), min_size=1, max_size=80).map(np.array)


@given(values=VALUES)
@settings(max_examples=100, deadline=None)
def test_cuts_occur_and_are_the_inverse_distribution_function(values: np.ndarray[Any, Any]) -> None:
    cuts = quintile_cuts(values)
    assert set(cuts) <= set(values)
    for fifth, cut in enumerate(cuts, start=1):
        assert np.count_nonzero(values <= cut) * 5 >= fifth * len(values)
        assert np.count_nonzero(values < cut) * 5 < fifth * len(values)


@given(values=VALUES, seed=st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_scores_do_not_depend_on_order_and_ties_share_one(values: np.ndarray[Any, Any], seed: int) -> None:
    cuts = quintile_cuts(values)
    assert np.array_equal(quintile_cuts(np.random.default_rng(seed).permutation(values)), cuts)
    order = np.argsort(values)
    rising = scores(values, cuts)[order]
    falling = scores(values, cuts, is_lower_better=True)[order]
    assert np.all(np.diff(rising) >= 0)
    assert np.all(rising + falling == 6)
    assert rising.min() >= 1
    assert rising.max() <= 5
    assert all(len(set(scores(values, cuts)[values == value])) == 1 for value in values)


def test_distinct_values_fall_into_fifths() -> None:
    values = np.random.default_rng(0).permutation(np.arange(100.0))
    cuts = quintile_cuts(values)
    assert cuts.tolist() == np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="inverted_cdf").tolist()
    assert np.bincount(scores(values, cuts)).tolist() == [0, 20, 20, 20, 20, 20]


def test_missing_values_are_no_quintile() -> None:
    assert quintile_cuts(np.array([np.nan, 4.0, np.nan])).tolist() == [4.0] * 4


@pytest.mark.parametrize(("value", "expected"), [(1.0, 1), (2.0, 1), (2.5, 2), (8.0, 4), (9.0, 5)])
def test_a_value_on_a_cut_has_the_score_below_it(value: float, expected: int) -> None:
    assert scores(np.array([value]), np.array([2.0, 4.0, 6.0, 8.0])).tolist() == [expected]
