"""Criteria against scikit-learn and against what they are to find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

from segmentation import criteria
from segmentation.criteria import (
    bootstrap_stability,
    calinski_harabasz,
    davies_bouldin,
    prediction_strength,
    silhouettes,
    total_cost,
)
from segmentation.distances import MixedData
from segmentation.kprototypes import fit_kprototypes


def numeric(points: np.ndarray[Any, Any]) -> MixedData:
    return MixedData(points, np.ones(points.shape[1]), np.empty((len(points), 0), dtype=np.int64), np.empty(0))


def blobs(n: int, groups: int, *, apart: float = 8.0, seed: int = 0) -> MixedData:
    rng = np.random.default_rng(seed)
    group = np.arange(n) % groups
    return numeric(apart * np.column_stack([group, group % 2]) + rng.normal(size=(n, 2)))


def values(data: MixedData, labelings: list[Any]) -> list[float | None]:
    return [None if one is None else one.value for one in silhouettes(data, labelings, seed=0)]


@given(seed=st.integers(0, 1000), n=st.integers(5, 40), k=st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_silhouettes_agree_with_scikit_learn(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 2))
    labels = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    assert values(numeric(points), [labels]) == [pytest.approx(silhouette_score(points, labels), abs=1e-12)]


def test_mixed_silhouettes_are_those_of_the_mixed_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    data = MixedData(rng.normal(size=(60, 2)), np.array([2.0, 0.5]), rng.integers(0, 3, (60, 2)), np.array([0.4, 1.5]))
    squares = (data.weights * (data.numeric[:, None] - data.numeric[None]) ** 2).sum(axis=2)
    squares += (data.gammas * (data.codes[:, None] != data.codes[None])).sum(axis=2)
    labelings = [rng.integers(0, k, 60) for k in (2, 3, 5)]
    expected = [silhouette_score(np.sqrt(squares), labels, metric="precomputed") for labels in labelings]
    monkeypatch.setattr(criteria, "PAIR_CELLS", 60 * 7)
    assert values(data, labelings) == pytest.approx(expected, abs=1e-12)


def test_a_silhouette_needs_two_segments_and_a_pair() -> None:
    points = np.arange(4.0)[:, None]
    assert values(numeric(points), [np.zeros(4, dtype=np.int64), np.arange(4)]) == [None, None]
    assert values(numeric(points[:0]), []) == []
    assert values(numeric(points[:0]), [np.zeros(0, dtype=np.int64)]) == [None]


def test_identical_customers_in_two_segments_have_silhouette_0() -> None:
    assert values(numeric(np.ones((4, 1))), [np.array([0, 0, 1, 1])]) == [0.0]


def test_a_stratified_silhouette_lies_within_its_error_and_sees_small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], [2_000, 950, 50])
    data = numeric(np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 5.0]])[labels] + rng.normal(size=(3_000, 2)))
    exact = values(data, [labels])[0]
    assert exact is not None
    monkeypatch.setattr(criteria, "EXACT_ROWS", 100)
    for seed in range(5):
        (found,) = silhouettes(data, [labels], seed=seed)
        assert found is not None
        assert 0 < found.error < 0.02
        assert abs(found.value - exact) < 4 * found.error


def test_davies_bouldin_and_calinski_harabasz_agree_with_scikit_learn() -> None:
    data = blobs(300, 4, apart=3.0)
    fit = fit_kprototypes(data, 4, seed=0)
    # The last iteration moves no mean, so prototypes are the means of their segments.
    assert davies_bouldin(data, fit) == pytest.approx(davies_bouldin_score(data.numeric, fit.labels), rel=1e-4)
    assert calinski_harabasz(data, fit, total=total_cost(data)) == pytest.approx(
        calinski_harabasz_score(data.numeric, fit.labels), rel=1e-4
    )


def test_indices_are_not_defined_for_one_segment_or_equal_prototypes() -> None:
    data = numeric(np.ones((6, 1)))
    one = fit_kprototypes(blobs(20, 2), 1, seed=0)
    assert davies_bouldin(blobs(20, 2), one) is None
    assert calinski_harabasz(blobs(20, 2), one, total=1.0) is None
    assert calinski_harabasz(data, fit_kprototypes(data, 2, seed=0), total=0.0) is None


def test_groups_come_back_and_halves_of_a_group_do_not() -> None:
    data = blobs(600, 3)
    three, four = (fit_kprototypes(data, k, seed=0) for k in (3, 4))
    rng = np.random.default_rng(0)
    assert prediction_strength(data, 3, splits=3, rng=rng, warm=three.prototypes).value > 0.95
    assert prediction_strength(data, 4, splits=3, rng=rng, warm=four.prototypes).value < 0.8
    assert bootstrap_stability(data, three, resamples=5, rng=rng).min() > 0.95
    assert bootstrap_stability(data, four, resamples=5, rng=rng).min() < 0.85
